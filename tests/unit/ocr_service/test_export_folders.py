"""Exports as files: what lies where, nothing written over, failures told with the result."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from hubctl.main import app
from hubkit.core.errors import InvalidArgument, PreconditionFailed, Unavailable
from ocr_service.domain.page import Page, TextSource
from ocr_service.export.folders import Exporter, ExportFolders
from ocr_service.offline import read_files

Encode = Callable[..., bytes]
PAGE = Page(1, 90, 60, TextSource.NONE)


def test_the_command_writes_all_forms_beside_its_results(
    tmp_path: Path, draw: Callable[..., Image.Image], encode: Encode
) -> None:
    scan = tmp_path / "ใบเสร็จ.jpg"
    scan.write_bytes(encode(draw(), "JPEG"))
    (tmp_path / "cut.png").write_bytes(encode(draw())[:60])
    out = tmp_path / "made" / "here"
    options = [f"--{form}={out}" for form in ("searchable-pdf", "hocr", "alto")]
    paths = [str(scan), str(tmp_path / "cut.png")]
    done = CliRunner().invoke(app, ["ocr", "--jsonl", "--workers=1", *options, *paths])
    results = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1  # for the file that is cut
    assert [bool(result["error"]) for result in results] == [False, True]
    assert sorted(path.name for path in out.iterdir()) == [
        "ใบเสร็จ.alto.xml",
        "ใบเสร็จ.hocr",
        "ใบเสร็จ.pdf",
    ]
    assert (out / "ใบเสร็จ.pdf").read_bytes().startswith(b"%PDF-")
    assert ">4711<" in (out / "ใบเสร็จ.hocr").read_text(encoding="utf-8")
    assert 'CONTENT="4711"' in (out / "ใบเสร็จ.alto.xml").read_text(encoding="utf-8")


def test_an_original_is_never_written_over(tmp_path: Path, encode: Encode) -> None:
    picture, original = tmp_path / "scan.png", tmp_path / "scan.pdf"
    picture.write_bytes(encode(Image.new("L", (90, 60), 255)))
    original.write_bytes(b"precious")
    exports = ExportFolders(searchable_pdf=tmp_path)
    (result,) = read_files([picture], workers=1, exports=exports)
    error: Any = result["error"]
    assert error["reason"] == "PRECONDITION_FAILED"
    assert "scan.pdf" in error["message"]
    assert original.read_bytes() == b"precious"


def test_files_of_one_name_get_names_of_their_own(tmp_path: Path) -> None:
    exporter = Exporter(ExportFolders(hocr=tmp_path / "a", alto=tmp_path / "b"))
    names = [exporter.names(Path(folder) / "scan.jpg") for folder in ("x", "y", "z")]
    assert [[path.name for path in paths] for paths in names] == [
        ["scan.hocr", "scan.alto.xml"],
        ["scan-2.hocr", "scan-2.alto.xml"],
        ["scan-3.hocr", "scan-3.alto.xml"],
    ]


def test_a_file_that_came_meanwhile_is_left_alone(tmp_path: Path, encode: Encode) -> None:
    exporter = Exporter(ExportFolders(hocr=tmp_path))
    (path,) = exporter.names(Path("scan.png"))
    path.write_text("precious")
    with pytest.raises(PreconditionFailed):
        exporter.write([path], Path("scan.png"), encode(Image.new("L", (90, 60))), [PAGE])
    assert [one.name for one in tmp_path.iterdir()] == ["scan.hocr"]
    assert path.read_text() == "precious"


def test_a_folder_that_cannot_be_made_or_written_is_told(tmp_path: Path, encode: Encode) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidArgument, match="can't be made"):
        Exporter(ExportFolders(alto=tmp_path / "file" / "folder"))
    gone = tmp_path / "gone"
    exporter = Exporter(ExportFolders(hocr=gone))
    paths = exporter.names(Path("scan.png"))
    gone.rmdir()
    with pytest.raises(Unavailable, match="can't be written"):
        exporter.write(paths, Path("scan.png"), encode(Image.new("L", (90, 60))), [PAGE])
