"""A reader behind the port that reads what the test says, and notes what it was asked."""

# ruff: noqa: ARG002 - the port names the arguments

from collections.abc import AsyncGenerator, Callable, Sequence
from datetime import date
from decimal import Decimal

import cv2
import numpy as np
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]  # ships no types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types

from dochub.ocr.v1 import page_pb2
from dochub.type.v1 import geometry_pb2
from document_service.convert.reading import page_from_proto
from document_service.domain.document import Classification
from document_service.domain.field import Extraction, FieldValue, Region
from document_service.domain.page import PageReading
from document_service.domain.run import ReadingOptions
from document_service.ports import Inspection
from hubkit.core.caller import current_caller
from paperwork.readings import FieldSource

IMAGE_SIZE = (40, 60)


def picture(number: int) -> bytes:
    """A small WebP that differs from page to page."""
    width, height = IMAGE_SIZE
    pixels = np.full((height, width, 3), (number * 7) % 256, np.uint8)
    return bytes(cv2.imencode(".webp", pixels)[1].tobytes())


def page_result(number: int) -> page_pb2.PageResult:
    corners = [(0.1, 0.1), (0.9, 0.1), (0.9, 0.2), (0.1, 0.2)]
    polygon = geometry_pb2.Polygon(vertices=[geometry_pb2.Vertex(x=x, y=y) for x, y in corners])
    line = page_pb2.Line(text=f"page {number}", polygon=polygon, confidence=0.5)
    return page_pb2.PageResult(
        page_number=number,
        size_px=geometry_pb2.Size(width=1000, height=1500),
        text_source=page_pb2.TEXT_SOURCE_OCR,
        rotation=90,
        lines=[line, page_pb2.Line(text="end", polygon=polygon, confidence=1.0)],
        image_size_px=geometry_pb2.Size(width=IMAGE_SIZE[0], height=IMAGE_SIZE[1]),
        transform=[1, 0, 0, 0, 1, 0, 0, 0, 1],
    )


def page(number: int) -> PageReading:
    return page_from_proto(page_result(number), picture(number), "image/webp")


def failed_page(number: int, reason: str) -> PageReading:
    status = Status(code=13, message="it went wrong")
    status.details.add().Pack(ErrorInfo(reason=reason, domain="dochub"))
    result = page_pb2.PageResult(page_number=number, error=status)
    return page_from_proto(result, b"", "")


def field(key: str, value: str | Decimal | date) -> FieldValue:
    region = Region(1, ((0.125, 0.125), (0.25, 0.125), (0.25, 0.25), (0.125, 0.25)))
    return FieldValue(key, value, f"raw {key}", 0.75, FieldSource.OCR, (region,))


EXTRACTION = Extraction(
    classification=Classification("tax_invoice", ("tax_invoice", "receipt"), 0.875),
    fields=(
        field("total", Decimal("1070.00")),
        field("number", "INV-1"),
        field("issue_date", date(2026, 1, 31)),
    ),
    line_items=(
        (field("amount", Decimal("1000.50")), field("description", "กระดาษ A4")),
        (field("description", "pens"),),
    ),
    warnings=("TOTALS_DISAGREE",),
)


class DirectedReader:
    """Reads as directed.

    Attributes:
        inspection: What files are; an error is raised.
        answer: Gives the answer for a page, by number; may raise.
        extraction: What is extracted; an error is raised.
        away: Raised when it is asked whether it is there.
        asked: Ranges asked for.
        tenants: For whom.
        extracted: Page numbers that each extraction was given.
    """

    def __init__(self) -> None:
        self.inspection: Inspection | Exception = Inspection("application/pdf", 3, ())
        self.answer: Callable[[int], PageReading] = page
        self.extraction: Extraction | Exception = EXTRACTION
        self.away: Exception | None = None
        self.asked: list[tuple[int, int]] = []
        self.options: list[ReadingOptions] = []
        self.tenants: set[str] = set()
        self.extracted: list[tuple[int, ...]] = []

    async def ensure_ready(self) -> None:
        if self.away is not None:
            raise self.away

    async def inspect(self, sha256: str) -> Inspection:
        self.tenants.add(current_caller().tenant_id)
        if isinstance(self.inspection, Exception):
            raise self.inspection
        return self.inspection

    async def read_pages(
        self, sha256: str, first: int, last: int, options: ReadingOptions
    ) -> AsyncGenerator[PageReading, None]:
        self.asked.append((first, last))
        self.options.append(options)
        self.tenants.add(current_caller().tenant_id)
        for number in range(first, last + 1):
            yield self.answer(number)

    async def extract(self, sha256: str, layouts: Sequence[bytes], today: date) -> Extraction:
        pages = [page_pb2.PageResult.FromString(layout) for layout in layouts]
        self.extracted.append(tuple(one.page_number for one in pages))
        if isinstance(self.extraction, Exception):
            raise self.extraction
        return self.extraction
