"""The offline door: results in order, in the form of the schema, and no failure spreads."""

import json
import random
from collections.abc import Callable, Iterable
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from hubkit.core.errors import InvalidArgument
from ocr_service.config import ReaderSettings, reader_settings
from ocr_service.offline import read_files

jsonschema: Any = import_module("jsonschema")  # these ship no types
pymupdf: Any = import_module("pymupdf")
SCHEMA = Path(__file__).resolve().parents[3] / "ocr_service" / "result.schema.json"
ODD = Path(__file__).resolve().parents[2] / "data" / "odd"
TODAY = date(2026, 3, 1)
INVOICE = (
    "INVOICE",
    "Invoice number: 2026-0815",
    "Invoice date: 14.02.2026",
    "Net amount 100.00 EUR",
    "VAT 19 % 19.00 EUR",
    "Total amount 119.00 EUR",
)


@pytest.fixture
def paper(
    tmp_path: Path, draw: Callable[..., Image.Image], encode: Callable[..., bytes]
) -> list[Path]:
    document = pymupdf.open()
    for _ in range(3):
        page = document.new_page()
        for row, text in enumerate(INVOICE):
            page.insert_text((72, 90 + 40 * row), text, fontsize=14)
    contents = {
        "invoice.pdf": document.tobytes(),
        "empty.png": b"",
        "scan.dat": encode(draw(INVOICE), "JPEG"),
        "letter.docx": b"PK\x03\x04 something",
        "locked.pdf": document.tobytes(
            encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x", owner_pw="y"
        ),
        "cut.png": encode(draw())[:60],
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in (*contents, "missing.pdf")]


def written(results: Iterable[object]) -> Any:
    """Give results as whoever parses the printed lines sees them."""
    return [json.loads(json.dumps(result)) for result in results]


def test_every_file_has_its_result_in_order(paper: list[Path]) -> None:
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    results = written(read_files(paper, workers=1, today=TODAY))
    for result in results:
        schema.validate(result)
    assert [result["file"] for result in results] == [path.name for path in paper]
    reasons = [result["error"]["reason"] if result["error"] else None for result in results]
    assert reasons == [
        None,
        "EMPTY",
        None,
        "UNSUPPORTED_TYPE",
        "ENCRYPTED",
        "CORRUPT",
        "NOT_FOUND",
    ]
    layer, scan = results[0], results[2]
    assert [page["page_number"] for page in layer["pages"]] == [1, 2, 3]
    assert layer["pages"][0]["text_source"] == "TEXT_LAYER"
    assert scan["pages"][0]["text_source"] == "OCR"
    for result in (layer, scan):
        assert result["document_type"] == "invoice"
        assert result["fields"]["number"]["value"] == "2026-0815"
        assert result["fields"]["total"]["value"] == "119.00"
        assert result["fields"]["total"]["page_number"] >= 1
        assert len(result["fields"]["total"]["box"]) == 4


def test_only_the_pages_asked_for_are_read(paper: list[Path]) -> None:
    (chosen,) = written(read_files([paper[0]], pages=[2, 3, 9], workers=1, today=TODAY))
    (none,) = written(read_files([paper[0]], pages=[9], workers=1, today=TODAY))
    assert [page["page_number"] for page in chosen["pages"]] == [2, 3]
    assert none["error"]["reason"] == "INVALID_ARGUMENT"


def test_a_page_over_its_time_is_told_and_the_file_goes_on(paper: list[Path]) -> None:
    (result,) = written(read_files([paper[2]], workers=1, today=TODAY, page_timeout_s=0.001))
    assert result["error"]["reason"] == "TIMEOUT"
    assert result["pages"][0]["error"]["reason"] == "TIMEOUT"
    assert result["pages"][0]["width"] == 800


def test_leaving_early_ends_the_workers(paper: list[Path]) -> None:
    results = read_files(paper, workers=1, today=TODAY)
    assert next(results)["file"] == "invoice.pdf"
    results.close()


def test_a_page_of_nested_forms_fails_alone(tmp_path: Path) -> None:
    bomb = pymupdf.open(ODD / "nested-forms.pdf")
    document = pymupdf.open()
    for _ in range(2):
        for row, text in enumerate(INVOICE):
            page = document[-1] if row else document.new_page()
            page.insert_text((72, 90 + 40 * row), text, fontsize=14)
    document.insert_pdf(bomb, start_at=1)
    path = tmp_path / "invoice.pdf"
    document.save(path)
    reader = ReaderSettings(page_timeout_s=3, workers=1)
    (result,) = written(read_files([path], reader=reader, today=TODAY))
    errors = [page["error"] and page["error"]["reason"] for page in result["pages"]]
    assert errors[0] is None
    assert errors[1] in ("TIMEOUT", "TOO_LARGE")
    assert errors[2] is None
    assert result["error"] is None
    assert result["fields"]["total"]["value"] == "119.00"
    assert "PAGES_FAILED" in result["warnings"]


@pytest.mark.parametrize(
    ("reader", "reason"),
    [
        (ReaderSettings(workers=1, file_mib=1), "TOO_LARGE"),
        (ReaderSettings(workers=1, pages=2), "TOO_MANY_PAGES"),
        (ReaderSettings(workers=1), None),
    ],
)
def test_limits_are_what_the_operator_sets(
    tmp_path: Path, reader: ReaderSettings, reason: str | None
) -> None:
    document = pymupdf.open()
    for _ in range(3):
        document.new_page().insert_text((72, 90), "Delivery note 4711")
    ballast = random.Random(1).randbytes(1_200_000)  # noqa: S311  nothing secret
    document.embfile_add("ballast", ballast)
    path = tmp_path / "long.pdf"
    document.save(path)
    (result,) = written(read_files([path], reader=reader))
    assert (result["error"] and result["error"]["reason"]) == reason


def test_a_picture_over_the_megapixels_set_is_refused(paper: list[Path]) -> None:
    small = ReaderSettings(workers=1, megapixels=1)
    large = paper[2].with_name("large.png")
    Image.new("L", (1200, 1000), 255).save(large)
    (result,) = written(read_files([large], reader=small))
    assert result["error"]["reason"] == "TOO_LARGE"
    assert "1 megapixels" in result["error"]["message"]


def test_settings_come_from_the_environment_and_misspelt_ones_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOCHUB_READER__MEGAPIXELS", "30")
    monkeypatch.setenv("DOCHUB_READER__PAGE_TIMEOUT_S", "5")
    given = reader_settings()
    assert (given.megapixels, given.page_timeout_s, given.file_mib) == (30, 5, 50)
    monkeypatch.setenv("DOCHUB_READER__MEGAPIXEL", "30")
    with pytest.raises(InvalidArgument, match="DOCHUB_READER__MEGAPIXEL"):
        reader_settings()
