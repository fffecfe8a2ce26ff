"""`DocumentService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import document_service_pb2 as pb
from dochub.document.v1.document_service_pb2_grpc import DocumentServiceServicer
from document_service.application.documents import Documents
from document_service.application.watch_documents import WatchDocuments
from document_service.convert.documents import document_filter_from_proto, document_to_proto
from document_service.convert.events import change_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class DocumentApi(DocumentServiceServicer):
    """Documents as a whole.

    Attributes:
        documents: Gets, lists, deletes.
        watch_documents: Follows changes.
    """

    documents: Documents
    watch_documents: WatchDocuments

    async def GetDocument(
        self,
        request: pb.GetDocumentRequest,
        context: ServicerContext[pb.GetDocumentRequest, pb.GetDocumentResponse],
    ) -> pb.GetDocumentResponse:
        """Get one document."""
        document = await self.documents.get(request.id)
        return pb.GetDocumentResponse(document=document_to_proto(document))

    async def ListDocuments(
        self,
        request: pb.ListDocumentsRequest,
        context: ServicerContext[pb.ListDocumentsRequest, pb.ListDocumentsResponse],
    ) -> pb.ListDocumentsResponse:
        """List documents, newest first."""
        wanted = document_filter_from_proto(request.filter)
        found, token = await self.documents.list(wanted, request.page_size, request.page_token)
        return pb.ListDocumentsResponse(
            documents=[document_to_proto(document) for document in found], next_page_token=token
        )

    async def DeleteDocument(
        self,
        request: pb.DeleteDocumentRequest,
        context: ServicerContext[pb.DeleteDocumentRequest, pb.DeleteDocumentResponse],
    ) -> pb.DeleteDocumentResponse:
        """Delete a document."""
        await self.documents.delete(request.id, request.etag)
        return pb.DeleteDocumentResponse()

    async def WatchDocuments(
        self,
        request: pb.WatchDocumentsRequest,
        context: ServicerContext[pb.WatchDocumentsRequest, pb.WatchDocumentsResponse],
    ) -> AsyncIterator[pb.WatchDocumentsResponse]:
        """Follow every change."""
        async with aclosing(self.watch_documents(request.cursor, request.document_id)) as changes:
            async for cursor, change in changes:
                yield change_to_proto(cursor, change)
