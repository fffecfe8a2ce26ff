"""What was read is found where it stands, by another program's eyes (PDFium)."""

import ctypes
import io
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from ocr_service.offline import ExportFolders, read_files

pdfium: Any = import_module("pypdfium2")  # these ship no types
pymupdf: Any = import_module("pymupdf")
TOLERANCE_PT = 2.0
Encode = Callable[..., bytes]


def page_pdf(picture: bytes, rotation: int = 0) -> bytes:
    """A page as a scanner makes it; the picture lies so that /Rotate brings it upright."""
    document = pymupdf.open()
    turned = rotation in (90, 270)
    page = document.new_page(width=612 if turned else 792, height=792 if turned else 612)
    page.insert_image(page.rect, stream=picture, rotate=rotation)
    page.set_rotation(rotation)
    data: bytes = document.tobytes()
    return data


KINDS = ("scan", "photo", "skewed", "rotated 90", "rotated 180", "rotated 270")


def paper(kind: str, upright: Image.Image, encode: Encode) -> bytes:
    name, _, degrees = kind.partition(" ")
    if name == "photo":
        exif = Image.Exif()
        exif[0x0112] = 6  # the camera was held on its side
        stored = upright.transpose(Image.Transpose.ROTATE_90)
        return encode(stored, "JPEG", quality=95, exif=exif)
    if name == "skewed":
        slanted = upright.rotate(-4, Image.Resampling.BICUBIC, fillcolor="white")
        return encode(slanted, dpi=(100, 100))
    return page_pdf(encode(upright), int(degrees or 0))


@pytest.fixture(scope="module")
def readings(
    tmp_path_factory: pytest.TempPathFactory, draw: Callable[..., Image.Image], encode: Encode
) -> dict[str, tuple[bytes, Any, bytes]]:
    """Of each kind the file, its result and the searchable PDF."""
    folder = tmp_path_factory.mktemp("papers")
    upright = draw(size=(800, 618))
    paths = [folder / f"{kind}.dat" for kind in KINDS]
    for kind, path in zip(KINDS, paths, strict=True):
        path.write_bytes(paper(kind, upright, encode))
    out = folder / "out"
    results = read_files(paths, workers=1, exports=ExportFolders(searchable_pdf=out))
    return {
        kind: (path.read_bytes(), result, (out / f"{kind}.pdf").read_bytes())
        for kind, path, result in zip(KINDS, paths, results, strict=True)
    }


def found_words(data: bytes) -> tuple[list[tuple[str, Any]], tuple[float, float]]:
    """Give words with (x0, y0, x1, y1) in points of the page as seen, and the page's size."""
    document = pdfium.PdfDocument(data)
    page = document[0]
    width, height = page.get_size()
    text = page.get_textpage()
    words: list[tuple[str, list[tuple[float, float]]]] = [("", [])]
    x, y = ctypes.c_int(), ctypes.c_int()
    for index in range(text.count_chars()):
        char = chr(pdfium.raw.FPDFText_GetUnicode(text, index))
        if char.isspace():
            words.append(("", []))
            continue
        left, bottom, right, top = text.get_charbox(index, loose=True)
        corners = words[-1][1]
        for corner in ((left, bottom), (right, bottom), (left, top), (right, top)):
            pdfium.raw.FPDF_PageToDevice(
                page, 0, 0, round(width * 100), round(height * 100), 0, *corner, x, y
            )
            corners.append((x.value / 100, y.value / 100))
        words[-1] = (words[-1][0] + char, corners)
    boxes = [
        (word, np.array([*np.min(corners, axis=0), *np.max(corners, axis=0)]))
        for word, corners in words
        if word
    ]
    return boxes, (width, height)


def seen(data: bytes) -> Any:
    return np.asarray(pdfium.PdfDocument(data)[0].render(scale=2).to_pil().convert("RGB"))


@pytest.mark.parametrize("kind", KINDS)
def test_words_are_found_where_they_stand_and_the_page_looks_the_same(
    kind: str, readings: dict[str, tuple[bytes, Any, bytes]], lines: tuple[str, ...]
) -> None:
    content, result, data = readings[kind]
    assert result["error"] is None
    page = result["pages"][0]
    found, (width, height) = found_words(data)
    words = [word for line in page["lines"] for word in line["words"]]
    assert {word["text"] for word in words} >= set(" ".join(lines).split())
    assert [text for text, _ in found] == [word["text"] for word in words]
    scale = np.array([width / page["width"], height / page["height"]])
    for (text, box), word in zip(found, words, strict=True):
        corners = np.array(word["box"]) * scale
        expected = np.array([*corners.min(axis=0), *corners.max(axis=0)])
        assert np.abs(box - expected).max() < TOLERANCE_PT, text
    if content.startswith(b"%PDF"):
        assert (seen(data) == seen(content)).all()
        assert len(data) < len(content) + 4000
    else:
        picture = ImageOps.exif_transpose(Image.open(io.BytesIO(content))).convert("RGB")
        shown = seen(data)
        expected = np.asarray(picture.resize(shown.shape[1::-1], Image.Resampling.BILINEAR), int)
        assert np.abs(shown - expected).mean() < 3
