"""PDF pages as people see them: /Rotate, CropBox, text layer, damage."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ocr_service.domain.errors import CorruptFile, EncryptedFile, TooManyPages
from ocr_service.domain.file_facts import Limits, MediaType, PageSize
from ocr_service.intake.files import inspect, open_document

pymupdf: Any = import_module("pymupdf")  # it ships no types
LIMITS = Limits()
A4 = PageSize(1653, 2339)


def make(write: Callable[[Any], None] | None = None, pages: int = 1) -> Any:
    document = pymupdf.open()
    for _ in range(pages):
        page = document.new_page(width=595, height=842)
        if write:
            write(page)
    return document


def hello(page: Any) -> None:
    page.insert_text((72, 100), "Invoice number 4711", fontsize=12)


def test_a_page_is_stated_at_200_dpi() -> None:
    facts = inspect(make(hello, 2).tobytes(), LIMITS)
    assert facts.media_type is MediaType.PDF
    assert facts.page_sizes == (A4, A4)
    assert facts.warnings == ()


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_words_stand_where_they_are_painted(rotation: int) -> None:
    document = make(hello)
    document[0].set_rotation(rotation)
    page = open_document(document.tobytes(), LIMITS).page(1)
    turned = rotation in (90, 270)
    assert (page.width, page.height) == ((2339, 1653) if turned else (1653, 2339))
    assert page.pixels.shape[:2] == (page.height, page.width)
    assert page.layer is not None
    (line,) = page.layer.lines
    assert line.text == "Invoice number 4711"
    assert page.layer.rotation == -rotation % 360
    dark = np.argwhere(page.pixels.min(axis=2) < 128)
    (y0, x0), (y1, x1) = dark.min(axis=0), dark.max(axis=0)
    box = np.array(line.box)
    assert (box.min(axis=0) <= (x0 + 1, y0 + 1)).all()
    assert (box.max(axis=0) >= (x1 - 1, y1 - 1)).all()
    first, last = np.mean(line.words[0].box, axis=0), np.mean(line.words[-1].box, axis=0)
    assert np.argmax(np.abs(last - first)) == (1 if turned else 0)
    # Clockwise from where reading starts: the first side runs along the text.
    along = box[1] - box[0]
    assert np.dot(along, last - first) > 0
    assert np.cross(np.append(along, 0), np.append(box[3] - box[0], 0))[2] > 0


def test_the_crop_box_is_the_page() -> None:
    document = make(hello)
    document[0].set_cropbox(pymupdf.Rect(60, 60, 360, 260))
    page = open_document(document.tobytes(), LIMITS).page(1)
    assert (page.width, page.height) == (833, 556)
    assert page.layer is not None
    x, y = page.layer.lines[0].box[0]
    assert x == pytest.approx((72 - 60) * 200 / 72, abs=3)
    assert 60 < y < 112


def test_words_far_apart_are_cells_of_a_row() -> None:
    def row(page: Any) -> None:
        writer = pymupdf.TextWriter(page.rect)
        for x, text in ((72, "Paper clips"), (300, "12"), (450, "9.50")):
            writer.append((x, 100), text)
        writer.write_text(page)

    page = open_document(make(row).tobytes(), LIMITS).page(1)
    assert page.layer is not None
    assert [line.text for line in page.layer.lines] == ["Paper clips", "12", "9.50"]


def test_hidden_text_under_a_picture_is_told(encode: Callable[..., bytes]) -> None:
    def scan(page: Any) -> None:
        page.insert_image(page.rect, stream=encode(Image.new("L", (60, 80), 200)))
        page.insert_text((72, 100), "somebody else's reading", render_mode=3)

    page = open_document(make(scan).tobytes(), LIMITS).page(1)
    assert page.layer is not None
    assert page.layer.hidden
    assert page.picture_share > 0.95


def test_pictures_are_measured_on_the_turned_page(encode: Callable[..., bytes]) -> None:
    document = make()
    picture = encode(Image.new("L", (60, 40), 0))
    document[0].insert_image(pymupdf.Rect(0, 0, 595, 421), stream=picture, keep_proportion=False)
    document[0].set_rotation(90)
    page = open_document(document.tobytes(), LIMITS).page(1)
    assert page.picture_share == pytest.approx(0.5, abs=0.03)


def test_a_password_is_asked_for() -> None:
    data = make(hello).tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw="x", owner_pw="y")
    with pytest.raises(EncryptedFile, match="password"):
        inspect(data, LIMITS)


def test_an_owner_password_alone_is_no_hindrance() -> None:
    data = make(hello).tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="y")
    page = open_document(data, LIMITS).page(1)
    assert page.layer is not None


def test_too_many_pages_are_refused() -> None:
    with pytest.raises(TooManyPages, match="3 pages, at most 2"):
        inspect(make(hello, 3).tobytes(), Limits(pages=2))


def test_a_cut_file_is_never_silently_blank() -> None:
    data = make(hello, 4).tobytes(deflate=False)
    outcomes = set()
    for part in range(1, 20):
        try:
            document = open_document(data[: len(data) * part // 20], LIMITS)
        except CorruptFile:
            outcomes.add("refused")
            continue
        assert "FILE_REPAIRED" in document.facts.warnings
        for number in range(1, document.facts.page_count + 1):
            try:
                page = document.page(number)
            except CorruptFile:
                outcomes.add("page refused")
                continue
            if page.layer is None:
                assert "PAGE_CONTENT_LOST" in page.warnings
                outcomes.add("lost")
    assert "refused" in outcomes
    assert outcomes & {"lost", "page refused"}


def test_nonsense_behind_a_pdf_header_is_corrupt() -> None:
    with pytest.raises(CorruptFile):
        inspect(b"%PDF-1.7\n" + b"nonsense " * 200, LIMITS)


def test_a_poster_is_rendered_small_but_stated_large() -> None:
    document = pymupdf.open()
    document.new_page(width=7200, height=3600)
    page = open_document(document.tobytes(), LIMITS).page(1)
    assert (page.width, page.height) == (20000, 10000)
    assert max(page.pixels.shape) <= 4001
