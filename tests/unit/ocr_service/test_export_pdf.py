"""Searchable PDFs of odd files: scripts, boxes, resources, pictures; the page stays as it is."""

import io
import random
import re
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

from hubkit.core.errors import HubError
from ocr_service.domain.errors import CorruptFile
from ocr_service.domain.page import Line, Page, PageFailure, Quad, TextSource, Word
from ocr_service.export.searchable_pdf import searchable_pdf

pdfium: Any = import_module("pypdfium2")  # these ship no types
pymupdf: Any = import_module("pymupdf")
Encode = Callable[..., bytes]
ZOOM = 200 / 72


def box(x0: float, y0: float, x1: float, y1: float) -> Quad:
    return ((x0, y0), (x1, y0), (x1, y1), (x0, y1))


def line(text: str, x: float, y: float, width: float = 400, height: float = 40) -> Line:
    """A line whose words share its width as their letters do."""
    words, step, start = [], width / len(text), x
    for word in text.split(" "):
        words.append(Word(word, box(start, y, start + step * len(word), y + height), 0.9))
        start += step * (len(word) + 1)
    return Line(text, box(x, y, x + width, y + height), 0.9, tuple(words))


def reading(
    *lines: Line,
    size: tuple[int, int] = (1653, 2339),
    source: TextSource = TextSource.OCR,
    warnings: tuple[str, ...] = (),
) -> Page:
    return Page(1, *size, source, lines=lines, warnings=warnings)


def sheet(encode: Encode) -> Any:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_image(page.rect, stream=encode(Image.new("RGB", (60, 80), "lightblue")))
    return document


def text_of(data: bytes, page: int = 0) -> list[str]:
    text: str = pdfium.PdfDocument(data)[page].get_textpage().get_text_range()
    return [row.rstrip() for row in text.splitlines() if row.strip()]


def seen(data: bytes, page: int = 0) -> Any:
    return np.asarray(pdfium.PdfDocument(data)[page].render().to_pil().convert("RGB"))


def words_on_sheet(data: bytes) -> list[tuple[str, Any]]:
    """Words with their boxes in points of the turned sheet."""
    page = pymupdf.open(stream=data)[0]
    text = pymupdf.TextPage(page.get_displaylist().get_textpage())
    return [(word, np.array(corners)) for *corners, word, _, _, _ in text.extractWORDS()]


def test_every_script_comes_back(encode: Encode) -> None:
    texts = [
        "ใบกำกับภาษี เลขที่ 4711",
        "น้ำ ก๊าซ ตั๋ว",
        "請求書 合計 金額",
        "株式会社 ありがとう",
        "Größe naïve “quoted” €",
        "𠮷野家 😀",
        "(brackets) back\\slash <angle>",
    ]
    lines = [line(text, 100, 100 + 90 * row) for row, text in enumerate(texts)]
    data = searchable_pdf(sheet(encode).tobytes(), [reading(*lines)])
    assert text_of(data) == texts
    words = {word for word, _ in words_on_sheet(data)}
    assert words == {word for text in texts for word in text.split()}


def test_thai_parts_without_a_space_stay_together(encode: Encode) -> None:
    words = (
        Word("ภาษี", box(100, 100, 200, 140), 0.9),
        Word("มูลค่าเพิ่ม", box(200, 100, 400, 140), 0.9),
    )
    joined = Line("ภาษีมูลค่าเพิ่ม", box(100, 100, 400, 140), 0.9, words)
    data = searchable_pdf(sheet(encode).tobytes(), [reading(joined)])
    assert text_of(data) == ["ภาษีมูลค่าเพิ่ม"]


def test_the_text_of_a_full_page_costs_little(encode: Encode) -> None:
    content = sheet(encode).tobytes()
    lines = [
        line("นี่คือ twelve words of text on each line of a page 請求", 100, y, 1400)
        for y in range(100, 2200, 42)
    ]
    assert len(searchable_pdf(content, [reading(*lines)])) - len(content) < 16_000


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("unit", [1, 2])
def test_words_stand_right_on_cropped_turned_and_scaled_sheets(
    rotation: int, unit: int, encode: Encode
) -> None:
    document = sheet(encode)
    page = document[0]
    document.xref_set_key(page.xref, "MediaBox", "[-20 30 575 872]")
    document.xref_set_key(page.xref, "CropBox", "[40 100 440 700]")
    document.xref_set_key(page.xref, "UserUnit", str(unit))
    page.set_rotation(rotation)
    content = document.tobytes()
    rect = pymupdf.open(stream=content)[0].rect
    size = round(rect.width * ZOOM), round(rect.height * ZOOM)
    data = searchable_pdf(content, [reading(line("Total 119.00", 300, 500), size=size)])
    assert (seen(data) == seen(content)).all()
    words = words_on_sheet(data)
    assert [word for word, _ in words] == ["Total", "119.00"]
    for (_, found), word in zip(words, line("Total 119.00", 300, 500).words, strict=True):
        expected = np.array([*word.box[0], *word.box[2]]) / ZOOM
        assert np.abs(found - expected).max() < 1


def test_slanted_lines_run_along_their_slant(encode: Encode) -> None:
    angle = np.radians(9)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def slanted(quad: Quad) -> Quad:
        a, b, c, d = ((float(x), float(y)) for x, y in np.array(quad) @ turn.T + (200, 0))
        return (a, b, c, d)

    level = line("I saw it 1 time", 200, 300, 600)
    words = tuple(Word(word.text, slanted(word.box), 0.9) for word in level.words)
    data = searchable_pdf(
        sheet(encode).tobytes(), [reading(Line(level.text, slanted(level.box), 0.9, words))]
    )
    blocks = pymupdf.open(stream=data)[0].get_text("dict")["blocks"]
    parts = [part for block in blocks for part in block.get("lines", ())]
    assert parts
    for part in parts:
        assert part["dir"] == pytest.approx((np.cos(angle), np.sin(angle)), abs=1e-3)
    assert text_of(data) == ["I saw it 1 time"]


def test_the_pages_own_streams_stay_as_they_are(encode: Encode) -> None:
    document = sheet(encode)
    page = document[0]
    # Left open, moved and scaled: what comes behind it would stand elsewhere.
    document.update_stream(page.get_contents()[0], b"q q 3 0 0 3 50 50 cm 0 0 9 9 re f")
    content = document.tobytes()
    before = pymupdf.open(stream=content)
    streams = [before.xref_stream_raw(xref) for xref in before[0].get_contents()]
    data = searchable_pdf(content, [reading(line("Total 119.00", 300, 500))])
    after = pymupdf.open(stream=data)
    assert [after.xref_stream_raw(xref) for xref in after[0].get_contents()[1:]] == streams
    assert (seen(data) == seen(content)).all()
    assert np.abs(words_on_sheet(data)[0][1][:2] - np.array([300, 500]) / ZOOM).max() < 1


@pytest.mark.parametrize("resources", ["none", "inherited", "shared", "font by reference"])
def test_the_font_is_found_wherever_resources_are(resources: str, encode: Encode) -> None:
    document = sheet(encode)
    document.new_page(width=595, height=842)
    kept = document.xref_get_key(document[0].xref, "Resources")[1]
    fonts = document.get_new_xref()
    document.update_object(fonts, "<< >>")
    given = {"shared": kept, "font by reference": f"<< /Font {fonts} 0 R >>"}.get(resources, "")
    if resources == "inherited":
        tree = int(document.xref_get_key(document[0].xref, "Parent")[1].split()[0])
        document.xref_set_key(tree, "Resources", kept)
    for page in document:
        entries = document.xref_object(page.xref, compressed=True)
        without = re.sub(r"/Resources \d+ 0 R", f"/Resources {given}" if given else "", entries)
        document.update_object(page.xref, without)
    content = document.tobytes()
    pages = [
        Page(number, 1653, 2339, TextSource.OCR, lines=(line(f"page {number}", 200, 300),))
        for number in (1, 2)
    ]
    data = searchable_pdf(content, pages)
    assert [text_of(data, 0), text_of(data, 1)] == [["page 1"], ["page 2"]]
    assert (seen(data) == seen(content)).all()


def test_a_page_with_good_text_is_given_back_byte_for_byte() -> None:
    document = pymupdf.open()
    page = document.new_page(width=595, height=842)
    page.insert_text((72, 100), "Invoice number 4711")
    content = document.tobytes()
    own = line("Invoice number 4711", 200, 250)
    for source in (TextSource.TEXT_LAYER, TextSource.NONE):
        assert searchable_pdf(content, [reading(own, source=source)]) == content
    failed = Page(1, 1653, 2339, TextSource.NONE, failure=PageFailure("TIMEOUT", "too slow"))
    assert searchable_pdf(content, [failed]) == content


def test_only_lines_that_the_page_lacks_are_added(encode: Encode) -> None:
    document = sheet(encode)
    document[0].insert_text((72, 100), "Scanned by the front office", fontsize=12)
    content = document.tobytes()
    (found,) = [word for word in document[0].get_text("words") if word[4] == "Scanned"]
    stamp = line("Scanned by the front office", found[0] * ZOOM, found[1] * ZOOM, 410, 45)
    body = line("Invoice number 4711", 200, 900)
    data = searchable_pdf(content, [reading(stamp, body, source=TextSource.MIXED)])
    assert sorted(text_of(data)) == ["Invoice number 4711", "Scanned by the front office"]
    assert searchable_pdf(data, [reading(stamp, body)]) == data
    refused = reading(stamp, body, warnings=("TEXT_LAYER_REFUSED",))
    assert sorted(text_of(searchable_pdf(content, [refused]))).count(stamp.text) == 2


def test_an_owner_password_stays(encode: Encode) -> None:
    content = sheet(encode).tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="y")
    data = searchable_pdf(content, [reading(line("Total 119.00", 300, 500))])
    assert text_of(data) == ["Total 119.00"]
    assert pymupdf.open(stream=data).metadata["encryption"]


def test_a_page_that_is_not_the_one_read_is_refused(encode: Encode) -> None:
    content = sheet(encode).tobytes()
    wide = reading(line("Total", 300, 500), size=(2339, 1653))
    beyond = Page(2, 1653, 2339, TextSource.OCR, lines=(line("Total", 300, 500),))
    for page in (wide, beyond):
        with pytest.raises(CorruptFile, match="laid over"):
            searchable_pdf(content, [page])


def chart(mode: str = "RGB", size: tuple[int, int] = (90, 60)) -> Image.Image:
    """A picture on which every turn and mirroring shows."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    values = np.stack([columns * 255 / size[0], rows * 255 / size[1], rows * 0 + 60], axis=2)
    picture = Image.fromarray(values.astype(np.uint8))
    picture.paste("white", (0, 0, 30, 20))
    return picture.convert(mode)


def shown(data: bytes, size: tuple[int, int], page: int = 0) -> Any:
    """Draw a page so that each of the picture's pixels has one of its own."""
    sheet = pdfium.PdfDocument(data)[page]
    scale = size[0] / sheet.get_width()
    drawn = sheet.render(scale=scale).to_pil().convert("RGB").resize(size)
    return np.asarray(drawn, int)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["JPEG", "PNG"])
def test_a_photo_stands_upright_as_its_exif_says(
    orientation: int, form: str, encode: Encode
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = encode(chart(), form, exif=exif, **({"quality": 95} if form == "JPEG" else {}))
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    word = line("Total", 10, 10, 40, 10)
    data = searchable_pdf(content, [reading(word, size=upright.size)])
    assert np.abs(shown(data, upright.size) - np.asarray(upright, int)).mean() < 4
    if form == "JPEG":
        assert content in data
    (found,) = words_on_sheet(data)
    factor = 842 / max(upright.size)
    assert np.abs(found[1] - np.array([10, 10, 50, 20]) * factor).max() < 1


@pytest.mark.parametrize(
    ("mode", "form"),
    [
        ("1", "PNG"),
        ("1", "TIFF"),
        ("L", "JPEG"),
        ("L", "BMP"),
        ("P", "PNG"),
        ("RGB", "WEBP"),
        ("RGB", "JPEG2000"),
        ("RGBA", "PNG"),
        ("I;16", "TIFF"),
        ("CMYK", "JPEG"),
        ("CMYK", "TIFF"),
    ],
)
def test_a_picture_of_any_mode_looks_the_same(mode: str, form: str, encode: Encode) -> None:
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(chart("L"), np.uint16) * 257)
        expected = chart("L").convert("RGB")
    else:
        picture = chart(mode)
        expected = picture.convert("RGB")
    content = encode(picture, form, **({"lossless": True} if form == "WEBP" else {}))
    data = searchable_pdf(content, [reading(line("Total", 10, 10), size=picture.size)])
    # Inks are mixed to colours by other rules in PDFium; inverted they would be 200 off.
    tolerance = 25 if mode == "CMYK" else 4
    assert np.abs(shown(data, picture.size) - np.asarray(expected, int)).mean() < tolerance
    assert text_of(data) == ["Total"]


def test_every_page_of_a_tiff_is_there_at_its_size_on_paper() -> None:
    out = io.BytesIO()
    first, second = Image.new("1", (1700, 2200), 1), chart("L", (400, 200))
    first.save(out, "TIFF", save_all=True, append_images=[second], dpi=(200, 200))
    pages = [
        Page(1, 1700, 2200, TextSource.OCR, lines=(line("one", 300, 500),)),
        Page(2, 400, 200, TextSource.OCR, lines=(line("two", 30, 50, 60),)),
    ]
    data = searchable_pdf(out.getvalue(), pages)
    document = pdfium.PdfDocument(data)
    assert [document[number].get_size() for number in (0, 1)] == [(612, 792), (144, 72)]
    assert [text_of(data, 0), text_of(data, 1)] == [["one"], ["two"]]
    assert len(data) < 30_000


def test_a_picture_that_is_cut_off_shows_what_is_there(encode: Encode) -> None:
    content = encode(chart(size=(400, 600)), "PNG")
    data = searchable_pdf(content[: len(content) * 2 // 3], [reading(size=(400, 600))])
    assert text_of(data) == []
    assert np.ptp(shown(data, (400, 600))) > 100


def test_the_same_reading_gives_the_same_bytes(encode: Encode) -> None:
    page = reading(line("Total", 10, 10), size=(90, 60))
    content = encode(chart())
    assert searchable_pdf(content, [page]) == searchable_pdf(content, [page])


def test_damage_is_told_and_never_a_crash(encode: Encode) -> None:
    dice = random.Random(7)  # noqa: S311  no secret
    word = line("Total", 30, 40, 40, 10)
    papers = [
        (sheet(encode).tobytes(), (1653, 2339)),
        (encode(chart(), "JPEG"), (90, 60)),
        (encode(chart(), "TIFF"), (90, 60)),
    ]
    for round_ in range(90):
        content, size = papers[round_ % len(papers)]
        bent = bytearray(content)
        for _ in range(dice.choice((1, 10, 40))):
            bent[dice.randrange(len(bent))] = dice.randrange(256)
        with suppress(HubError):
            assert searchable_pdf(bytes(bent), [reading(word, size=size)]).startswith(b"%PDF")
