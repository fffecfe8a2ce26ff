"""The models are the ones the manifest names, and nothing else is taken for them."""

from dataclasses import replace
from pathlib import Path

import pytest

from ocr_service.domain.errors import Unavailable
from ocr_service.engine.models import installed_models, verify


def test_every_model_of_the_manifest_is_there_and_whole() -> None:
    models = installed_models()
    assert {"detector", "latin_cjk"} <= models.keys()
    for model in models.values():
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
