"""`dochub ocr`: which files are read, how results are written, and how the command answers."""

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from hubctl.commands.reading import Form, page_numbers
from hubctl.files import collect
from hubctl.reading import write
from hubkit.core.errors import NotFound

RESULT: dict[str, Any] = {
    "file": "ใบเสร็จ.jpg",
    "document_type": "receipt",
    "warnings": ["REPAIRED"],
    "pages": [{"lines": [{"text": "first"}, {"text": "[second]"}]}, {"lines": []}],
    "fields": {"total": {"value": "9.90", "confidence": 0.95}},
    "line_items": [{}],
    "error": None,
}
FAILED = RESULT | {"pages": [], "error": {"reason": "CORRUPT", "message": "it is [damaged]"}}


def written(form: Form) -> str:
    out = io.StringIO()
    write([RESULT, FAILED], form, out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("1", {1}), ("1-3", {1, 2, 3}), ("1-2,5", {1, 2, 5}), (" 2 - 3 , 3", {2, 3})],
)
def test_pages_are_numbers_and_ranges(text: str, numbers: set[int]) -> None:
    assert page_numbers(text) == frozenset(numbers)


def test_pages_may_be_open_or_all() -> None:
    assert page_numbers("") is None
    assert {5, 6, 9999} <= (page_numbers("5-") or set())


@pytest.mark.parametrize("text", ["0", "3-1", "a", "1-b", "-3", "1,,2", "1-2-3", "²"])
def test_pages_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="1-3"):
        page_numbers(text)


def test_a_folder_is_walked_in_order_without_what_is_hidden(tmp_path: Path) -> None:
    for name in ("b.PDF", "a.jpg", "notes.txt", ".hidden.pdf", ".git/c.pdf", "deep/er/d.tiff"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    odd = tmp_path / "notes.txt"
    found = collect([tmp_path, odd])
    assert [str(one.relative_to(tmp_path)) for one in found] == [
        "a.jpg",
        "b.PDF",
        "deep/er/d.tiff",
        "notes.txt",
    ]


def test_a_folder_without_documents_says_what_it_looked_for(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"\.pdf"):
        collect([tmp_path])


def test_results_are_one_line_each_and_keep_their_letters() -> None:
    lines = written(Form.JSONL).splitlines()
    assert [json.loads(line) for line in lines] == [RESULT, FAILED]
    assert "ใบเสร็จ" in lines[0]


def test_results_are_one_array() -> None:
    assert json.loads(written(Form.JSON)) == [RESULT, FAILED]


def test_text_is_lines_and_form_feeds() -> None:
    assert written(Form.TEXT) == "first\n[second]\n\f\f"


def test_the_summary_tells_fields_and_failures() -> None:
    summary = written(Form.SUMMARY)
    for part in ("receipt", "2 pages", "REPAIRED", "9.90", "95%", "CORRUPT", "it is [damaged]"):
        assert part in summary


def test_help_imports_nothing_heavy() -> None:
    heavy = {"grpc", "numpy", "sqlalchemy", "onnxruntime", "cv2", "pymupdf", "google.protobuf"}
    source = f"import sys, hubctl.main; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("command", [[], ["ocr"], ["up"], ["upload"], ["admin", "create"]])
def test_every_help_shows_how(command: list[str]) -> None:
    call = [sys.executable, "-c", "from hubctl.main import main; main()", *command, "--help"]
    done = subprocess.run(call, capture_output=True, text=True, check=True)
    assert f"dochub {' '.join(command)}".strip() in done.stdout
