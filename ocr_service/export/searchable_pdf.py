"""A PDF that looks like the file it is made of, with what was read laid invisibly over it.

PyMuPDF takes seconds to import, so it is loaded with the first PDF; it ships no types, and its
objects are `Any` here and go no further.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from hubkit.core.errors import HubError
from ocr_service.domain.errors import CorruptFile
from ocr_service.domain.file_facts import MediaType
from ocr_service.domain.page import Line, Page, TextSource
from ocr_service.export import glyphless
from ocr_service.export.glyphless import CharCodes
from ocr_service.export.pictures import picture_pages
from ocr_service.export.text_layer import text_operators
from ocr_service.intake.sniff import sniff
from ocr_service.pipeline.geometry import Floats, mapped, scaling

SAME_PROPORTION = 0.02
"""Two sheets whose sides' proportions differ by more are not the same."""
DAMAGED = "the file is damaged: no text can be added to it"
ANCESTORS_MAX = 64
"""Page tree nodes that are asked for inherited resources; a deeper tree is a loop."""


@dataclass(frozen=True, slots=True)
class _Font:
    """The one font of a document.

    Attributes:
        xref: Number of its object.
        codes: Of the characters that occur.
    """

    xref: int
    codes: CharCodes


def searchable_pdf(data: bytes, pages: Sequence[Page]) -> bytes:
    """Add to a file the text that was read from its pixels.

    Pages keep their content as it is. Text goes only where the page has none of its own, so that
    a page with a good text layer stays as it is; a PDF that gains nothing is given back byte for
    byte. A picture file becomes a PDF of the same pixels.

    Args:
        data: The file, a PDF or a picture, that the pages were read from.
        pages: Those that were read; the others stay without text.

    Raises:
        HubError: The file cannot be opened or written.
    """
    media_type = sniff(data)
    with _translated():
        if media_type is MediaType.PDF:
            with _mupdf().open(stream=data, filetype="pdf") as document:
                return _written(document) if _add_text(document, pages) else data
        with _pictured(data, media_type) as document:
            _add_text(document, pages)
            return _written(document)


def _add_text(document: Any, pages: Sequence[Page]) -> bool:
    """Lay what was read over its pages; tells whether there was anything."""
    missing = []
    for page in pages:
        if page.text_source in (TextSource.OCR, TextSource.MIXED):
            lines = _without_own_text(_sheet(document, page), page)
            if lines:
                missing.append((page, lines))
    if not missing:
        return False
    font = _Font(document.get_new_xref(), CharCodes())
    for page, lines in missing:
        _lay_over(document, page, lines, font)
    _embed(document, font)
    return True


def _sheet(document: Any, page: Page) -> Any:
    """Open a page's sheet.

    Raises:
        CorruptFile: It is another one: the reader has mended a file that is too damaged for this.
    """
    if page.number <= document.page_count:
        sheet = document[page.number - 1]
        proportion = sheet.rect.width / sheet.rect.height * page.height / page.width
        if abs(proportion - 1) < SAME_PROPORTION:
            return sheet
    raise CorruptFile(f"the file is damaged: no text can be laid over page {page.number}")


def _without_own_text(sheet: Any, page: Page) -> tuple[Line, ...]:
    """Choose the lines of which the PDF page has less than half the words as text already."""
    if "TEXT_LAYER_REFUSED" in page.warnings:
        return page.lines  # what it has is wrong
    # Drawn as seen: the words' places come turned and scaled as the sheet is.
    text = _mupdf().TextPage(sheet.get_displaylist().get_textpage())
    corners = [[(x0, y0), (x1, y1)] for x0, y0, x1, y1, *_ in text.extractWORDS()]
    if not corners:
        return page.lines
    own = mapped(np.array(corners, np.float64), _from_sheet(sheet, page))
    low, high = own[:, 0], own[:, 1]

    def is_missing(line: Line) -> bool:
        boxes = np.array([word.box for word in line.words] or [line.box], np.float64)
        centres = boxes.mean(axis=1)[:, None]
        covered = ((low <= centres) & (centres <= high)).all(axis=2).any(axis=1)
        return bool(covered.mean() < 0.5)

    return tuple(line for line in page.lines if is_missing(line))


def _lay_over(document: Any, page: Page, lines: Sequence[Line], font: _Font) -> None:
    sheet = document[page.number - 1]
    taken = {entry[4] for entry in sheet.get_fonts()}
    name = f"{glyphless.NAME}{font.xref}"
    while name in taken:
        name += "x"
    operators = text_operators(lines, _to_user(sheet, page), name, font.codes)
    stream = document.get_new_xref()
    document.update_object(stream, "<<>>")
    document.update_stream(stream, operators)
    # In front of the page's own streams, where no state that they leave behind reaches it. What
    # is invisible may as well lie beneath.
    contents = " ".join(f"{xref} 0 R" for xref in (stream, *sheet.get_contents()))
    document.xref_set_key(sheet.xref, "Contents", f"[{contents}]")
    _set_font(document, sheet.xref, name, font.xref)


def _to_user(sheet: Any, page: Page) -> Floats:
    """Give the transform from pixels of the page as given to the page's user space."""
    mupdf = _mupdf().mupdf
    matrix = mupdf.FzMatrix()
    own_page = mupdf.pdf_page_from_fz_page(sheet.this)
    mupdf.pdf_page_transform(own_page, mupdf.FzRect(), matrix)
    m = matrix
    to_sheet = np.array([[m.a, m.c, m.e], [m.b, m.d, m.f], [0, 0, 1]])
    inverse = np.asarray(np.linalg.inv(to_sheet), np.float64)
    return inverse @ np.asarray(np.linalg.inv(_from_sheet(sheet, page)), np.float64)


def _from_sheet(sheet: Any, page: Page) -> Floats:
    """Give the transform from the turned sheet, in points, to pixels of the page as given."""
    return scaling(page.width / sheet.rect.width, page.height / sheet.rect.height)


def _set_font(document: Any, sheet: int, name: str, font: int) -> None:
    """Name a font in a page's resources, wherever the page has them from."""
    xref, path = sheet, "Resources/Font"
    node = sheet
    for _ in range(ANCESTORS_MAX):
        kind, value = document.xref_get_key(node, "Resources")
        if kind == "xref":
            xref, path = _reference(value), "Font"
        elif kind == "dict":
            xref = node
        if kind != "null":
            break
        kind, value = document.xref_get_key(node, "Parent")
        if kind != "xref":
            break
        node = _reference(value)
    kind, value = document.xref_get_key(xref, path)
    if kind == "xref":
        document.xref_set_key(_reference(value), name, f"{font} 0 R")
    else:
        document.xref_set_key(xref, f"{path}/{name}", f"{font} 0 R")


def _reference(value: str) -> int:
    return int(value.partition(" ")[0])


def _embed(document: Any, font: _Font) -> None:
    def stream(data: bytes, entries: str = "") -> int:
        xref: int = document.get_new_xref()
        document.update_object(xref, f"<<{entries}>>")
        document.update_stream(xref, data)
        return xref

    program = glyphless.truetype()
    file = stream(program, f"/Length1 {len(program)}")
    glyphs = stream(font.codes.glyph_map())
    characters = stream(font.codes.to_unicode())
    descriptor, descendant = document.get_new_xref(), document.get_new_xref()
    name, ascent, descent = glyphless.NAME, glyphless.ASCENT, glyphless.DESCENT
    document.update_object(
        descriptor,
        f"<< /Type /FontDescriptor /FontName /{name} /Flags 5 /ItalicAngle 0 /StemV 80"
        f" /FontBBox [0 {descent} {glyphless.ADVANCE} {ascent}] /Ascent {ascent}"
        f" /Descent {descent} /CapHeight {ascent} /FontFile2 {file} 0 R >>",
    )
    document.update_object(
        descendant,
        f"<< /Type /Font /Subtype /CIDFontType2 /BaseFont /{name} /DW {glyphless.ADVANCE}"
        f" /W [{font.codes.widths()}]"
        " /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>"
        f" /FontDescriptor {descriptor} 0 R /CIDToGIDMap {glyphs} 0 R >>",
    )
    document.update_object(
        font.xref,
        f"<< /Type /Font /Subtype /Type0 /BaseFont /{name} /Encoding /Identity-H"
        f" /DescendantFonts [{descendant} 0 R] /ToUnicode {characters} 0 R >>",
    )


def _pictured(data: bytes, media_type: MediaType) -> Any:
    """Make a PDF of a picture file."""
    document = _mupdf().open()
    for picture in picture_pages(data, media_type):
        sheet = document.new_page(width=picture.width_pt, height=picture.height_pt)
        image, contents = document.get_new_xref(), document.get_new_xref()
        document.update_object(image, "<< /Type /XObject /Subtype /Image >>")
        document.update_stream(image, picture.data, compress=0)
        for key, value in picture.entries.items():  # after the stream, which comes encoded
            document.xref_set_key(image, key, value)
        document.update_object(contents, "<<>>")
        place = " ".join(f"{value:.4f}" for value in picture.place)
        document.update_stream(contents, f"q {place} cm /Picture Do Q\n".encode("ascii"))
        document.xref_set_key(sheet.xref, "Contents", f"{contents} 0 R")
        shown = f"<< /XObject << /Picture {image} 0 R >> >>"
        document.xref_set_key(sheet.xref, "Resources", shown)
    return document


def _written(document: Any) -> bytes:
    keep = _mupdf().PDF_ENCRYPT_KEEP
    written: bytes = document.tobytes(encryption=keep, no_new_id=True)
    return written


def _mupdf() -> Any:
    import pymupdf  # noqa: PLC0415  loads for seconds, see above

    # What it would print goes to a log that nobody reads; what matters it raises.
    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    return pymupdf


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except HubError:
        raise
    # FileDataError and the binding's own errors are RuntimeErrors; odd files also raise these.
    except (
        RuntimeError,
        ValueError,
        TypeError,
        OSError,
        LookupError,
        AttributeError,
        ArithmeticError,
    ) as exc:
        raise CorruptFile(DAMAGED) from exc
    except Exception as exc:
        # The library raises bare exceptions too.
        if type(exc) is Exception or type(exc).__module__.startswith("pymupdf"):
            raise CorruptFile(DAMAGED) from exc
        raise
