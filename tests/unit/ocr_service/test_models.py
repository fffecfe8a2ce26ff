"""The models are the ones the manifest names, and nothing else is taken for them."""

import hashlib
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ocr_service.domain.errors import Unavailable
from ocr_service.domain.file_facts import Limits
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine import models
from ocr_service.engine.models import installed_models, verify
from ocr_service.engine.pulling import pull
from ocr_service.engine.reader import PageReader

onnx: Any = import_module("onnx")
DATA = Path(__file__).resolve().parents[2] / "data" / "ocr" / "thai"


def test_every_model_of_the_manifest_is_there_and_whole() -> None:
    there = installed_models()
    assert {"detector", "latin_cjk"} <= there.keys()
    for model in there.values():
        verify(model)
        assert model.licence
        assert model.origin


def test_another_file_is_refused(tmp_path: Path) -> None:
    model = installed_models()["detector"]
    other = tmp_path / "other.onnx"
    other.write_bytes(b"\0" * model.size_bytes)
    with pytest.raises(Unavailable, match="not the one named"):
        verify(replace(model, path=other))
    with pytest.raises(Unavailable, match="missing"):
        verify(replace(model, path=tmp_path / "none.onnx"))


def test_a_pulled_recogniser_reads_once_it_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In the form that other projects give theirs: an alphabet, and no word on the step.
    proto = onnx.load(installed_models()["western_thai"].path)
    kept = [prop for prop in proto.metadata_props if prop.key == "character"]
    del proto.metadata_props[:]
    proto.metadata_props.extend(kept)
    content = proto.SerializeToString()
    role = "thai_ppocrv5"
    monkeypatch.setenv("DOCHUB_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest = models._manifest() | {role: models._manifest()[role] | facts}
    monkeypatch.setattr(models, "_manifest", lambda: manifest)
    (tmp_path / "source").mkdir()
    model = models.known_models()[role]
    (tmp_path / "source" / model.path.name).write_bytes(content)
    assert pull(model, str(tmp_path / "source"))
    reader = PageReader(1, Limits(), first=role)
    reader.open("page", (DATA / "invoice.png").read_bytes())
    page = reader.read(1, ReadOptions(with_image=False)).page
    assert "กรุณาชำระเงินภายใน 30 วัน" in [line.text for line in page.lines]
