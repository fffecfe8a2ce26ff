"""PDF files: facts, pages as pixels at 200 dpi, and their text layer with word boxes.

PyMuPDF takes seconds and much memory to import, so it is loaded with the first PDF, and only in
processes that open one. It ships no types: its objects are `Any` here and go no further.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubkit.core.errors import HubError
from ocr_service.domain.errors import CorruptFile, EmptyFile, EncryptedFile, TooManyPages
from ocr_service.domain.file_facts import FileFacts, Limits, MediaType, PageSize
from ocr_service.domain.page import PDF_DPI
from ocr_service.intake.content import WORKING_SIDE_PX, PageContent
from ocr_service.intake.pdf_text import text_layer

POINTS_PER_INCH = 72
GRID = 100
"""Pictures are laid on a grid of so many cells a side to see what they cover together."""


class PdfDocument:
    """A PDF file as an `OpenDocument`."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        """Open the file and measure its pages.

        Raises:
            CorruptFile: It cannot be opened even after repair.
            EmptyFile: It has no page.
            EncryptedFile: It asks for a password.
            TooManyPages: As it says.
        """
        with _translated():
            self._document = _mupdf().open(stream=data, filetype="pdf")
            if self._document.needs_pass:
                raise EncryptedFile(
                    "the PDF asks for a password; save it without one and send it again",
                    field="content",
                )
            count = self._document.page_count
            if count == 0:
                if self._document.is_repaired:
                    raise CorruptFile("the PDF is damaged: no page is left", field="content")
                raise EmptyFile("the PDF has no pages", field="content")
            if count > limits.pages:
                raise TooManyPages(
                    f"the PDF has {count} pages, at most {limits.pages} are read", field="content"
                )
            # Where a page cannot be opened, its size is of no use to anybody; reading it fails.
            sizes = tuple(_page_size(self._document, index) for index in range(count))
        self.facts = FileFacts(MediaType.PDF, sizes, self._file_warnings())

    def page(self, number: int) -> PageContent:
        """Render one page and take its text layer.

        Raises:
            CorruptFile: The page cannot be opened.
        """
        size = self.facts.page_sizes[number - 1]
        with _translated():
            page = self._document[number - 1]
            layer = text_layer(page, PDF_DPI / POINTS_PER_INCH)
            share = _picture_share(page)
            lost = self._document.is_repaired and not _has_content(page)
            noted = ("PAGE_CONTENT_LOST",) if lost else ()
            pixels = _rendered(page)
        return PageContent(size.width, size.height, pixels, layer, share, noted)

    def close(self) -> None:
        """Close the file."""
        self._document.close()

    def _file_warnings(self) -> tuple[str, ...]:
        return ("FILE_REPAIRED",) if self._document.is_repaired else ()


@cache
def _mupdf() -> Any:
    import pymupdf  # noqa: PLC0415  loads for seconds, see above

    # What it would print goes to a log that nobody reads; what matters it raises or we test.
    tools: Any = pymupdf.TOOLS
    tools.mupdf_display_errors(False)
    tools.mupdf_display_warnings(False)
    return pymupdf


def _page_size(document: Any, index: int) -> PageSize:
    try:
        box = document[index].rect
    except (RuntimeError, ValueError, IndexError):
        return PageSize(1, 1)
    zoom = PDF_DPI / POINTS_PER_INCH
    return PageSize(max(1, round(box.width * zoom)), max(1, round(box.height * zoom)))


def _rendered(page: Any) -> NDArray[np.uint8]:
    mupdf = _mupdf()
    longest = max(page.rect.width, page.rect.height, 1)
    zoom = min(PDF_DPI / POINTS_PER_INCH, WORKING_SIDE_PX / longest)
    matrix = mupdf.Matrix(zoom, zoom)
    picture = page.get_pixmap(matrix=matrix, colorspace=mupdf.csRGB, alpha=False)
    rows = np.frombuffer(picture.samples, np.uint8).reshape(picture.height, picture.stride)
    rgb = rows[:, : picture.width * 3].reshape(picture.height, picture.width, 3)
    return np.ascontiguousarray(rgb[:, :, ::-1])


def _picture_share(page: Any) -> float:
    area = page.rect
    if area.is_empty:
        return 0.0
    # Boxes of pictures are given before /Rotate, the page's own box after it.
    upright = page.rotation_matrix
    covered = np.zeros((GRID, GRID), bool)
    for info in page.get_image_info():
        box = _mupdf().Rect(info["bbox"]) * upright & area
        if box.is_empty:
            continue
        x0, x1 = ((x - area.x0) / area.width * GRID for x in (box.x0, box.x1))
        y0, y1 = ((y - area.y0) / area.height * GRID for y in (box.y0, box.y1))
        covered[math.floor(y0) : math.ceil(y1), math.floor(x0) : math.ceil(x1)] = True
    return float(covered.mean())


def _has_content(page: Any) -> bool:
    return bool(page.get_bboxlog())


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except HubError:
        raise
    # FileDataError and the binding's own errors are RuntimeErrors; odd files also raise these.
    except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError) as exc:
        raise CorruptFile("the PDF is damaged and cannot be opened", field="content") from exc
    except Exception as exc:
        if type(exc).__module__.startswith("pymupdf"):
            raise CorruptFile("the PDF is damaged and cannot be opened", field="content") from exc
        raise
