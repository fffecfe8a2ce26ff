"""PDF files: facts, pages as pixels at 200 dpi, and their text layer with word boxes.

PyMuPDF takes seconds and much memory to import, so it is loaded with the first PDF, and only in
processes that open one. It ships no types: its objects are `Any` here and go no further.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubkit.core.errors import HubError
from ocr_service.domain.errors import (
    CorruptFile,
    EmptyFile,
    EncryptedFile,
    FileTooLarge,
    TooManyPages,
)
from ocr_service.domain.file_facts import FileFacts, Limits, MediaType, PageSize
from ocr_service.domain.page import PDF_DPI
from ocr_service.intake.content import WORKING_SIDE_PX, Area, Drawn, PageContent
from ocr_service.intake.pdf_attachments import embedded_invoice
from ocr_service.intake.pdf_pictures import pictures_of, share_of
from ocr_service.intake.pdf_second import SecondParser
from ocr_service.intake.pdf_strokes import strokes_of
from ocr_service.intake.pdf_text import TEXT_FLAGS, text_layer
from ocr_service.intake.pdf_tree import pages_in_tree, stray_pages, with_flat_tree

ZOOM = PDF_DPI / 72
"""Pixels in a point."""
LONGEST_SIDE_PX = 100_000
"""Nothing that is printed is 12 m long: such a page is a mistake or a trap."""
LARGE_NUMBER = re.compile(rb"(\d{7,10})\s{1,9}\d{1,5}\s{1,9}obj")
"""An object's number in the millions; a file has fewer objects than bytes."""
PICTURE_PAGE = 0.5
"""A page covered so far by pictures is drawn at once, since damage to them shows only then."""
DAMAGE = ("error:", "not a stream", "treating as end of file", "truncated")
"""What MuPDF says when it leaves something out; it goes on without raising."""


class PdfDocument:
    """A PDF file as an `OpenDocument`: read by MuPDF, and by PDFium where that fails."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open the file, mend its page tree where it lies, and measure its pages.

        Raises:
            CorruptFile: Neither parser can open it.
            EmptyFile: It has no page.
            EncryptedFile: It asks for a password.
            TooManyPages: As it says.
        """
        self._data = data
        self._limits = limits
        self._document: Any = None
        self._second: SecondParser | None = None
        warnings: tuple[str, ...] = ()
        invoice = None
        try:
            with _translated():
                warnings = self._open()
                invoice, noted = embedded_invoice(self._document)
                warnings += noted
                # A page that cannot be opened has a size of no use to anybody; reading it fails.
                sizes = _page_sizes(self._document)
        except CorruptFile as failure:
            second = self._second_opinion()
            if second is None or second.page_count == 0:
                raise failure from failure.__cause__
            self._document = None
            self._hold_to_limit(second.page_count)
            sizes = second.sizes()
            warnings = ("FILE_REPAIRED",)
        self.facts = FileFacts(MediaType.PDF, sizes, warnings, invoice)

    def page(self, number: int) -> PageContent:
        """Take one page's text layer; its pixels are drawn when they are asked for.

        Raises:
            CorruptFile: The page cannot be opened.
            FileTooLarge: It or a picture on it has far more pixels than are read.
        """
        size = self.facts.page_sizes[number - 1]
        if self._document is None:
            return self._redrawn(number, size)
        try:
            with _translated():
                content, is_lost = self._opened(number, size)
        except CorruptFile:
            return self._redrawn(number, size)
        if not is_lost:
            return content
        try:
            return self._redrawn(number, size)
        except CorruptFile:
            return content

    def close(self) -> None:
        """Close the file."""
        if self._document is not None:
            self._document.close()
        if self._second is not None:
            self._second.close()

    def _open(self) -> tuple[str, ...]:
        """Open with MuPDF; gives warnings on the file."""
        for found in LARGE_NUMBER.finditer(self._data):
            # MuPDF makes room for every number up to the largest: hundreds of megabytes.
            if int(found[1]) > len(self._data):
                raise CorruptFile("the PDF numbers more objects than it holds", field="content")
        self._document = document = _mupdf().open(stream=self._data, filetype="pdf")
        if document.needs_pass:
            raise EncryptedFile(
                "the PDF asks for a password; save it without one and send it again",
                field="content",
            )
        claimed = _claimed_pages(document)
        repaired = bool(document.is_repaired)
        pages, lost = pages_in_tree(document, self._limits.pages)
        if not pages:
            pages = stray_pages(document, self._limits.pages)
        if not pages:
            if repaired or claimed:
                raise CorruptFile("the PDF is damaged: no page is left", field="content")
            raise EmptyFile("the PDF has no pages", field="content")
        if len(pages) > self._limits.pages:
            self._hold_to_limit(max(claimed, len(pages)))
        if claimed != len(pages) or lost:
            self._data = with_flat_tree(document, pages)
            document.close()
            self._document = _mupdf().open(stream=self._data, filetype="pdf")
            repaired = True
        gone = lost or claimed > len(pages)
        return ("FILE_REPAIRED",) * repaired + ("PAGES_LOST",) * bool(gone)

    def _hold_to_limit(self, count: int) -> None:
        if count > self._limits.pages:
            raise TooManyPages(
                f"the PDF has {count} pages, at most {self._limits.pages} are read",
                field="content",
            )

    def _opened(self, number: int, size: PageSize) -> tuple[PageContent, bool]:
        """Open a page with MuPDF; tells too whether it has lost all it had."""
        mupdf = _mupdf()
        mupdf.TOOLS.reset_mupdf_warnings()
        page = self._document[number - 1]
        if max(size.width, size.height) > LONGEST_SIDE_PX:
            raise FileTooLarge(
                f"page {number} is longer than {LONGEST_SIDE_PX / PDF_DPI * 0.0254:.0f} m;"
                " print it smaller",
                field="content",
            )
        drawing = page.get_displaylist()
        text = mupdf.TextPage(drawing.get_textpage(TEXT_FLAGS))
        layer = text_layer(text, ZOOM, size.width, size.height)
        pictures = pictures_of(mupdf.TextPage(drawing.get_textpage(4)), ZOOM, size, self._limits)
        share = share_of([picture.area for picture in pictures], size)
        source: _MuPixels | Drawn = _MuPixels(drawing, size)
        is_blank = beside = False
        if layer is None or share >= PICTURE_PAGE:
            source = Drawn(source.whole(), size)
            is_blank = layer is None and bool(source.pixels.min() == source.pixels.max())
            # Text beside the page: its box shows nothing of what is painted.
            beside = is_blank and any("-text" in kind for kind, *_ in page.get_bboxlog())
        said = mupdf.TOOLS.mupdf_warnings()
        damaged = any(word in line for line in said.splitlines() for word in DAMAGE)
        is_lost = is_blank and (
            bool(said) or beside or bool(pictures) or "FILE_REPAIRED" in self.facts.warnings
        )
        noted: tuple[str, ...] = ()
        if is_lost:
            noted = ("PAGE_CONTENT_LOST",)
        elif damaged:
            noted = ("PAGE_DAMAGED",)
        content = PageContent(
            size,
            source,
            layer=layer,
            pictures=pictures,
            strokes=strokes_of(page, ZOOM) if layer else None,
            picture_share=share,
            warnings=noted,
        )
        return content, is_lost

    def _redrawn(self, number: int, size: PageSize) -> PageContent:
        """Have PDFium draw a page.

        Raises:
            CorruptFile: It cannot, or nothing is on it.
        """
        second = self._second_opinion()
        if second is None or max(size.width, size.height) > LONGEST_SIDE_PX:
            raise CorruptFile(f"page {number} of the PDF is damaged", field="content")
        pixels = second.whole(number)
        if pixels.min() == pixels.max():
            raise CorruptFile(f"page {number} of the PDF has lost its content", field="content")
        return PageContent(size, Drawn(pixels, size), warnings=("PAGE_DAMAGED",))

    def _second_opinion(self) -> SecondParser | None:
        if self._second is None:
            try:
                self._second = SecondParser(self._data)
            except CorruptFile:
                return None
        return self._second


@dataclass(frozen=True, slots=True)
class _MuPixels:
    """Draws a page, or a part of it, from MuPDF's list of what is on it."""

    drawing: Any
    size: PageSize

    def whole(self, share: float = 1.0) -> NDArray[np.uint8]:
        return self._drawn(None, share)

    def part(self, area: Area) -> NDArray[np.uint8]:
        points = [value / ZOOM for value in (area.x0, area.y0, area.x1, area.y1)]
        return self._drawn(_mupdf().Rect(*points), 1.0)

    def _drawn(self, clip: Any, share: float) -> NDArray[np.uint8]:
        mupdf = _mupdf()
        longest = max(self.size.width, self.size.height) / ZOOM
        zoom = share * min(ZOOM, WORKING_SIDE_PX / longest)
        with _translated():
            picture = self.drawing.get_pixmap(
                matrix=mupdf.Matrix(zoom, zoom), colorspace=mupdf.csRGB, alpha=0, clip=clip
            )
            rows = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.stride)
        rgb = rows[:, : picture.width * 3].reshape(picture.height, picture.width, 3)
        return np.ascontiguousarray(rgb[:, :, ::-1])


@cache
def _mupdf() -> Any:
    import pymupdf  # noqa: PLC0415  loads for seconds, see above

    # What it would print goes to a log that nobody reads; what matters it raises or we test.
    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    # Two subsets of one typeface have tables of their own, and one of them may be broken.
    tools.set_subset_fontnames(True)
    return pymupdf


def _claimed_pages(document: Any) -> int:
    try:
        return int(document.page_count)
    except RuntimeError:
        return 0  # a number that cannot be


def _page_sizes(document: Any) -> tuple[PageSize, ...]:
    return tuple(_page_size(document, index) for index in range(document.page_count))


def _page_size(document: Any, index: int) -> PageSize:
    try:
        box = document[index].rect
    except (RuntimeError, ValueError, IndexError):
        return PageSize(1, 1)
    sides = (round(min(side * ZOOM, LONGEST_SIDE_PX + 1)) for side in (box.width, box.height))
    width, height = (max(1, side) for side in sides)
    return PageSize(width, height)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except HubError:
        raise
    except MemoryError as exc:
        raise FileTooLarge("the page needs too much memory", field="content") from exc
    except Exception as exc:
        # The binding's errors are RuntimeErrors or classes of its own; odd files also raise these.
        expected = (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError)
        if not isinstance(exc, expected) and not type(exc).__module__.startswith("pymupdf"):
            raise
        if "encrypt" in str(exc).lower():
            raise EncryptedFile(
                "the PDF is protected in a way that cannot be opened; save it without protection",
                field="content",
            ) from exc
        raise CorruptFile("the PDF is damaged and cannot be opened", field="content") from exc
