"""`UploadService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import upload_service_pb2 as pb
from dochub.document.v1.upload_service_pb2_grpc import UploadServiceServicer
from document_service.application.complete_upload import CompleteUpload
from document_service.application.send_file import SendFile
from document_service.convert.documents import document_to_proto, job_to_proto, upload_to_proto
from document_service.domain.upload import Announcement

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class UploadApi(UploadServiceServicer):
    """Brings files in.

    Attributes:
        send_file: Announces, takes parts, aborts.
        complete_upload: Makes a document.
    """

    send_file: SendFile
    complete_upload: CompleteUpload

    async def StartUpload(
        self,
        request: pb.StartUploadRequest,
        context: ServicerContext[pb.StartUploadRequest, pb.StartUploadResponse],
    ) -> pb.StartUploadResponse:
        """Announce a file."""
        announced = Announcement.checked(
            request.filename, request.size_bytes, request.sha256, request.part_size_bytes
        )
        status = await self.send_file.start(request.request_id, announced)
        return pb.StartUploadResponse(upload=upload_to_proto(status))

    async def UploadPart(
        self,
        request: pb.UploadPartRequest,
        context: ServicerContext[pb.UploadPartRequest, pb.UploadPartResponse],
    ) -> pb.UploadPartResponse:
        """Take one part."""
        await self.send_file.put_part(
            request.upload_id, request.index, request.data, request.crc32c
        )
        return pb.UploadPartResponse()

    async def GetUpload(
        self,
        request: pb.GetUploadRequest,
        context: ServicerContext[pb.GetUploadRequest, pb.GetUploadResponse],
    ) -> pb.GetUploadResponse:
        """Tell what has arrived."""
        status = await self.send_file.status(request.upload_id)
        return pb.GetUploadResponse(upload=upload_to_proto(status))

    async def CompleteUpload(
        self,
        request: pb.CompleteUploadRequest,
        context: ServicerContext[pb.CompleteUploadRequest, pb.CompleteUploadResponse],
    ) -> pb.CompleteUploadResponse:
        """Make a document and have it read."""
        document, job = await self.complete_upload(request.upload_id)
        return pb.CompleteUploadResponse(
            document=document_to_proto(document), job=job_to_proto(job)
        )

    async def AbortUpload(
        self,
        request: pb.AbortUploadRequest,
        context: ServicerContext[pb.AbortUploadRequest, pb.AbortUploadResponse],
    ) -> pb.AbortUploadResponse:
        """Throw the parts away."""
        await self.send_file.abort(request.upload_id)
        return pb.AbortUploadResponse()
