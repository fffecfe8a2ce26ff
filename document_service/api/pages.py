"""`PageService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import page_service_pb2 as pb
from dochub.document.v1.page_service_pb2_grpc import PageServiceServicer
from dochub.type.v1 import geometry_pb2
from document_service.application.pages import Pages
from document_service.convert.documents import file_to_proto
from document_service.convert.reading import layout_to_proto, page_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class PageApi(PageServiceServicer):
    """Pages: pictures, text, the file itself.

    Attributes:
        pages: Gives them.
    """

    pages: Pages

    async def ListPages(
        self,
        request: pb.ListPagesRequest,
        context: ServicerContext[pb.ListPagesRequest, pb.ListPagesResponse],
    ) -> pb.ListPagesResponse:
        """List the pages read so far."""
        found, token = await self.pages.list(
            request.document_id, request.page_size, request.page_token
        )
        return pb.ListPagesResponse(
            pages=[page_to_proto(page) for page in found], next_page_token=token
        )

    async def GetPageImage(
        self,
        request: pb.GetPageImageRequest,
        context: ServicerContext[pb.GetPageImageRequest, pb.GetPageImageResponse],
    ) -> AsyncIterator[pb.GetPageImageResponse]:
        """Get a page's picture; the first message tells its kind and size."""
        picture = await self.pages.picture(request.document_id, request.page_number, request.max_px)
        size = geometry_pb2.Size(width=picture.width_px, height=picture.height_px)
        yield pb.GetPageImageResponse(media_type=picture.media_type, size_px=size)
        async for chunk in picture.chunks:
            yield pb.GetPageImageResponse(data=chunk)

    async def GetPageLayout(
        self,
        request: pb.GetPageLayoutRequest,
        context: ServicerContext[pb.GetPageLayoutRequest, pb.GetPageLayoutResponse],
    ) -> pb.GetPageLayoutResponse:
        """Get a page's lines and words."""
        info, layout = await self.pages.layout(request.document_id, request.page_number)
        return pb.GetPageLayoutResponse(page=layout_to_proto(info, layout))

    async def DownloadDocument(
        self,
        request: pb.DownloadDocumentRequest,
        context: ServicerContext[pb.DownloadDocumentRequest, pb.DownloadDocumentResponse],
    ) -> AsyncIterator[pb.DownloadDocumentResponse]:
        """Get the file; the first message tells about it."""
        file, chunks = await self.pages.file(request.document_id, request.offset_bytes)
        yield pb.DownloadDocumentResponse(file=file_to_proto(file))
        async for chunk in chunks:
            yield pb.DownloadDocumentResponse(data=chunk)
