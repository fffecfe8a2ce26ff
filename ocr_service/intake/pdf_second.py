"""A second opinion on PDF pages: PDFium, for files and pages that MuPDF cannot read.

It gives pixels only; what stands on them is read from these. Loaded when it is first needed.
"""

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hubkit.core.errors import HubError
from ocr_service.domain.errors import CorruptFile, EncryptedFile
from ocr_service.domain.file_facts import PageSize
from ocr_service.domain.page import PDF_DPI
from ocr_service.intake.content import WORKING_SIDE_PX

ZOOM = PDF_DPI / 72


class SecondParser:
    """A PDF as PDFium sees it."""

    def __init__(self, data: bytes) -> None:
        """Open it.

        Raises:
            CorruptFile: PDFium cannot either.
            EncryptedFile: It asks for a password.
        """
        pdfium = _pdfium()
        try:
            self._document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as exc:
            raise _failure(exc) from exc
        self.page_count = len(self._document)

    def sizes(self) -> tuple[PageSize, ...]:
        """Measure its pages; one that cannot be opened is a point."""
        return tuple(self._size(number) for number in range(1, self.page_count + 1))

    def whole(self, number: int) -> NDArray[np.uint8]:
        """Draw page `number` as (h, w, 3) BGR.

        Raises:
            CorruptFile: It cannot.
        """
        pdfium = _pdfium()
        try:
            page = self._document[number - 1]
            longest = max(*page.get_size(), 1.0)
            bitmap = page.render(scale=min(ZOOM, WORKING_SIDE_PX / longest), may_draw_forms=False)
            pixels = bitmap.to_numpy()
        except (pdfium.PdfiumError, IndexError, ValueError) as exc:
            raise CorruptFile(f"page {number} of the PDF is damaged", field="content") from exc
        channels = pixels if pixels.ndim == 3 else pixels[:, :, None].repeat(3, axis=2)
        return np.ascontiguousarray(channels[:, :, :3])

    def close(self) -> None:
        """Close the file."""
        self._document.close()

    def _size(self, number: int) -> PageSize:
        try:
            width, height = self._document[number - 1].get_size()
        except _pdfium().PdfiumError:
            return PageSize(1, 1)
        return PageSize(max(1, round(width * ZOOM)), max(1, round(height * ZOOM)))


@cache
def _pdfium() -> Any:
    import pypdfium2  # noqa: PLC0415  most processes never need it

    return pypdfium2


def _failure(exc: Exception) -> HubError:
    if "password" in str(exc).lower() or "security" in str(exc).lower():
        return EncryptedFile(
            "the PDF asks for a password; save it without one and send it again", field="content"
        )
    return CorruptFile("the PDF is damaged and cannot be opened", field="content")
