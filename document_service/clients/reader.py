"""The reader behind its port: `OcrService`, asked for blobs of the present caller's tenant."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from typing import Final

import grpc

from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.ocr.v1 import ocr_service_pb2_grpc, page_pb2
from document_service.convert.documents import options_to_proto
from document_service.convert.reading import (
    date_to_proto,
    extraction_from_proto,
    page_from_proto,
)
from document_service.domain.errors import REFUSALS, ReaderLost
from document_service.domain.field import Extraction
from document_service.domain.page import PageReading
from document_service.domain.run import ReadingOptions
from document_service.ports import Inspection
from hubkit.clients import error_of, open_channel
from hubkit.core.errors import (
    DeadlineExceeded,
    HubError,
    Kind,
    PermissionDenied,
    Unauthenticated,
    Unavailable,
)
from hubkit.tokens import Signer

AUDIENCE: Final = "ocr"
READY_S: Final = 5.0
INSPECT_S: Final = 8.0
"""An upload is answered within ten seconds, whatever happens to the reader."""
EXTRACT_S: Final = 60.0
RETRY_AFTER_S: Final = 2.0
_STATUS_DETAILS: Final = "grpc-status-details-bin"


class OcrReader:
    """Asks `OcrService`.

    The channel tries nothing again by itself: every start of a page is counted before.

    Args:
        channel: Leads there.
        stall_s: How long it may send nothing before the pages in hand count as stuck.
    """

    def __init__(self, channel: grpc.aio.Channel, stall_s: float) -> None:
        self._channel = channel
        self._stub = ocr_service_pb2_grpc.OcrServiceStub(channel)
        self._stall_s = stall_s

    async def ensure_ready(self) -> None:
        """Make sure that there is a connection, so that what is handed out is received."""
        try:
            async with asyncio.timeout(READY_S):
                await self._channel.channel_ready()
        except TimeoutError:
            raise _away() from None

    async def inspect(self, sha256: str) -> Inspection:
        """Look at a file."""
        request = pb.InspectDocumentRequest(source=_source(sha256))
        with _errors():
            try:
                seen = await self._stub.InspectDocument(request, timeout=INSPECT_S)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                    raise _away() from error
                raise
        return Inspection(seen.media_type, max(1, seen.page_count), tuple(seen.warnings))

    async def read_pages(
        self, sha256: str, first: int, last: int, options: ReadingOptions
    ) -> AsyncIterator[PageReading]:
        """Read pages, each given as soon as its picture is there too."""
        request = pb.ReadPagesRequest(
            source=_source(sha256),
            pages=pb.PageRange(first=first, last=last),
            options=options_to_proto(options),
        )
        page: page_pb2.PageResult | None = None
        image = bytearray()
        call = self._stub.ReadPages(request)
        try:
            with _errors():
                while (part := await self._next(call)) is not None:
                    if part.HasField("page"):
                        page, image = part.page, bytearray()
                        if not page.HasField("image_size_px"):
                            yield page_from_proto(page, b"", "")
                            page = None
                    elif page is not None:
                        image += part.image_chunk.data
                        if part.image_chunk.last:
                            yield page_from_proto(page, bytes(image), part.image_chunk.media_type)
                            page = None
        finally:
            call.cancel()

    async def extract(self, sha256: str, layouts: Sequence[bytes], today: date) -> Extraction:
        """Find type, fields and line items."""
        request = pb.ExtractFieldsRequest(
            pages=[page_pb2.PageResult.FromString(layout) for layout in layouts],
            today=date_to_proto(today),
            source=_source(sha256),
        )
        with _errors():
            answer = await self._stub.ExtractFields(request, timeout=EXTRACT_S)
        return extraction_from_proto(answer.extraction)

    async def _next(
        self,
        call: "grpc.aio.UnaryStreamCall[pb.ReadPagesRequest, pb.ReadPagesResponse]",
    ) -> pb.ReadPagesResponse | None:
        """Give the next part; None at the end."""
        try:
            async with asyncio.timeout(self._stall_s):
                part = await call.read()
        except TimeoutError:
            raise DeadlineExceeded("the reader sent nothing for too long") from None
        return part if isinstance(part, pb.ReadPagesResponse) else None


@asynccontextmanager
async def open_reader(
    target: str, signer: Signer | None, stall_s: float
) -> AsyncIterator[OcrReader]:
    """Hold a channel to the reader for the length of the block."""
    async with open_channel(target, audience=AUDIENCE, signer=signer) as channel:
        yield OcrReader(channel, stall_s)


@contextmanager
def _errors() -> Iterator[None]:
    """Tell apart what the reader says of the file, of itself, and what it can say no more."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise _error(error) from error


def _error(failure: grpc.aio.AioRpcError) -> HubError:
    meant = error_of(failure)
    said = any(key == _STATUS_DETAILS for key, _ in failure.trailing_metadata() or ())
    if meant.reason in REFUSALS:
        facts = meant.facts
        return REFUSALS[meant.reason](str(meant), field=None, retry_after_s=None, **facts)
    if isinstance(meant, Unauthenticated | PermissionDenied):
        # Keys that are being changed, or clocks that differ: nothing of the document's own.
        return _away()
    if not said and meant.kind is not Kind.TIMEOUT:
        return ReaderLost(
            "the connection to the reader broke; try again", retry_after_s=RETRY_AFTER_S
        )
    return meant


def _away() -> Unavailable:
    return Unavailable("the reader does not answer; try again", retry_after_s=RETRY_AFTER_S)


def _source(sha256: str) -> pb.Source:
    return pb.Source(blob=pb.BlobRef(sha256=sha256))
