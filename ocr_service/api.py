# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""OcrService: unpack, one use case, pack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING

from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.ocr.v1.ocr_service_pb2_grpc import OcrServiceServicer
from hubkit.core.caller import current_caller
from ocr_service.application import Content, ExtractFields, Reading
from ocr_service.convert import (
    engine_to_proto,
    extraction_to_proto,
    facts_to_proto,
    options_from_proto,
    page_to_proto,
    pages_from_proto,
    parts_of,
    range_from_proto,
    source_from_proto,
    today_from_proto,
)
from ocr_service.ports import Engine

if TYPE_CHECKING:
    from dochub.ocr.v1.ocr_service_pb2_grpc import _ServicerContext as Context


class OcrApi(OcrServiceServicer):
    """One short method per RPC. Failures leave as domain errors."""

    def __init__(self, reading: Reading, extract: ExtractFields, engines: Sequence[Engine]) -> None:
        self._reading = reading
        self._extract = extract
        self._engines = engines

    async def InspectDocument(
        self, request: pb.InspectDocumentRequest, context: Context
    ) -> pb.InspectDocumentResponse:
        """Look at a file without reading it."""
        source = source_from_proto(request.source)
        return facts_to_proto(await self._reading.inspect(source, current_caller()))

    async def ReadPages(
        self, request: pb.ReadPagesRequest, context: Context
    ) -> AsyncIterator[pb.ReadPagesResponse]:
        """Read pages; each is sent as soon as it and those before it are read."""
        source = source_from_proto(request.source)
        options = options_from_proto(request.options, with_image=True)
        pages = range_from_proto(request)
        reading = self._reading.read_pages(source, pages, options, current_caller())
        async with aclosing(reading) as reads:
            async for read in reads:
                for part in parts_of(read):
                    yield part

    async def ExtractFields(
        self, request: pb.ExtractFieldsRequest, context: Context
    ) -> pb.ExtractFieldsResponse:
        """Extract type, fields and line items."""
        pages = pages_from_proto(request.pages)
        source = source_from_proto(request.source) if request.HasField("source") else None
        today = today_from_proto(request.today)
        extraction = await self._extract(pages, today, source, current_caller())
        return pb.ExtractFieldsResponse(extraction=extraction_to_proto(extraction, pages))

    async def ReadImage(
        self, request: pb.ReadImageRequest, context: Context
    ) -> pb.ReadImageResponse:
        """Read the first page of a small file."""
        options = options_from_proto(request.options, with_image=False)
        page = await self._reading.read_first_page(Content(request.content, "content"), options)
        return pb.ReadImageResponse(page=page_to_proto(page))

    async def ListEngines(
        self, request: pb.ListEnginesRequest, context: Context
    ) -> pb.ListEnginesResponse:
        """List the models."""
        return pb.ListEnginesResponse(engines=[engine_to_proto(each) for each in self._engines])
