"""`ProcessingService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import processing_service_pb2 as pb
from dochub.document.v1.processing_service_pb2_grpc import ProcessingServiceServicer
from document_service.application.request_reading import RequestReading
from document_service.convert.documents import job_to_proto, options_from_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class ProcessingApi(ProcessingServiceServicer):
    """Reading again.

    Attributes:
        request_reading: Queues it.
    """

    request_reading: RequestReading

    async def ProcessDocument(
        self,
        request: pb.ProcessDocumentRequest,
        context: ServicerContext[pb.ProcessDocumentRequest, pb.ProcessDocumentResponse],
    ) -> pb.ProcessDocumentResponse:
        """Read a document again."""
        options = options_from_proto(request.options)
        job = await self.request_reading(request.request_id, request.document_id, options)
        return pb.ProcessDocumentResponse(job=job_to_proto(job))
