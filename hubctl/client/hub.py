"""The hub's documents, as the command uses them; a broken connection is taken up again."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

import google_crc32c
import grpc

from dochub.document.v1 import (
    document_job_service_pb2,
    document_job_service_pb2_grpc,
    document_pb2,
    document_service_pb2,
    document_service_pb2_grpc,
    field_service_pb2,
    field_service_pb2_grpc,
    page_service_pb2,
    page_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from dochub.type.v1 import job_pb2
from hubctl.client.session import Session
from hubkit.clients import remote_errors
from hubkit.core.errors import Busy, DeadlineExceeded, HubError, InvalidArgument, Unavailable
from hubkit.core.ids import new_id
from hubkit.core.retry import delay_s

CALL_S: Final = 30.0
PART_S: Final = 120.0
TRIES: Final = 8
"""In a row without any progress; about two minutes."""
PAGE_SIZE: Final = 200
ENDED: Final = frozenset(
    {job_pb2.JOB_STATE_SUCCEEDED, job_pb2.JOB_STATE_FAILED, job_pb2.JOB_STATE_CANCELLED}
)

T = TypeVar("T")
Progress = Callable[[int, int], None]
"""Takes bytes or pages done, and all."""


class Patience:
    """Decides whether to try once more after a failure, and waits before it."""

    def __init__(self) -> None:
        self._failures = 0

    def progress(self) -> None:
        """Begin counting anew: something came through."""
        self._failures = 0

    async def after(self, error: HubError) -> None:
        """Wait before the next try.

        Raises:
            HubError: The same, when waiting does not help or has been tried enough.
        """
        self._failures += 1
        if self._failures >= TRIES or not isinstance(error, Unavailable | DeadlineExceeded | Busy):
            raise error
        pause_s = delay_s(self._failures, random.random())  # noqa: S311 - spreads load only
        await asyncio.sleep(max(pause_s, error.retry_after_s or 0.0))


class Hub:
    """Calls to one hub as one person.

    Args:
        channel: To the gateway.
        session: Who calls.
    """

    def __init__(self, channel: grpc.aio.Channel, session: Session) -> None:
        self._session = session
        self._uploads = upload_service_pb2_grpc.UploadServiceStub(channel)
        self._documents = document_service_pb2_grpc.DocumentServiceStub(channel)
        self._fields = field_service_pb2_grpc.FieldServiceStub(channel)
        self._pages = page_service_pb2_grpc.PageServiceStub(channel)
        self._jobs = document_job_service_pb2_grpc.DocumentJobServiceStub(channel)

    async def upload(
        self, path: Path, progress: Progress
    ) -> upload_service_pb2.CompleteUploadResponse:
        """Send a file in parts and have it read; parts that arrived are not sent again.

        Raises:
            HubError: The file was refused, or the hub does not answer for long.
        """
        try:
            size, sha256 = await asyncio.to_thread(_measure, path)
        except OSError as error:
            raise InvalidArgument(f"can't read {path}: {error.strerror}") from None
        request = upload_service_pb2.StartUploadRequest(
            request_id=new_id(), filename=path.name, size_bytes=size, sha256=sha256
        )
        patience = Patience()
        while True:
            try:
                # The same request id gives the same upload, with the parts that have arrived.
                answer = await self._call(self._uploads.StartUpload, request)
                await self._send_parts(answer.upload, path, progress, patience)
                complete = upload_service_pb2.CompleteUploadRequest(upload_id=answer.upload.id)
                return await self._call(self._uploads.CompleteUpload, complete, PART_S)
            except HubError as error:
                await patience.after(error)

    async def _send_parts(
        self,
        upload: upload_service_pb2.Upload,
        path: Path,
        progress: Progress,
        patience: Patience,
    ) -> None:
        if upload.document_id:
            return
        size = upload.part_size_bytes
        arrived = set(upload.received_parts)
        for index in range(upload.part_count):
            if index not in arrived:
                data = await asyncio.to_thread(_part, path, index * size, size)
                part = upload_service_pb2.UploadPartRequest(
                    upload_id=upload.id,
                    index=index,
                    data=data,
                    crc32c=google_crc32c.value(data),
                )
                await self._call(self._uploads.UploadPart, part, PART_S)
                arrived.add(index)
                patience.progress()
            progress(min(len(arrived) * size, upload.size_bytes), upload.size_bytes)

    async def follow(self, job_id: str) -> AsyncIterator[job_pb2.Job]:
        """Give the job after each change, until it has ended.

        Raises:
            HubError: The hub refused, or does not answer for long.
        """
        patience = Patience()
        request = document_job_service_pb2.WatchJobRequest(id=job_id)
        while True:
            try:
                with remote_errors():
                    metadata = await self._session.metadata()
                    async for answer in self._jobs.WatchJob(request, metadata=metadata):
                        patience.progress()
                        yield answer.job
                        if answer.job.state in ENDED:
                            return
            except HubError as error:
                await patience.after(error)

    async def document(self, document_id: str) -> document_pb2.Document:
        """Get one document."""
        request = document_service_pb2.GetDocumentRequest(id=document_id)
        return (await self._call(self._documents.GetDocument, request)).document

    async def fields(self, document_id: str) -> field_service_pb2.ListFieldsResponse:
        """Get a document's fields and line items."""
        request = field_service_pb2.ListFieldsRequest(document_id=document_id)
        return await self._call(self._fields.ListFields, request)

    async def documents(
        self,
        states: Sequence[document_pb2.DocumentState.ValueType],
        types: Sequence[str],
        limit: int,
    ) -> AsyncIterator[document_pb2.Document]:
        """Give documents, newest first, at most `limit`."""
        chosen = document_service_pb2.DocumentFilter(states=states, document_types=types)
        token = ""
        while limit > 0:
            request = document_service_pb2.ListDocumentsRequest(
                page_size=min(limit, PAGE_SIZE), page_token=token, filter=chosen
            )
            answer = await self._call(self._documents.ListDocuments, request)
            for document in answer.documents:
                yield document
            limit -= len(answer.documents)
            token = answer.next_page_token
            if not token:
                return

    async def download(self, document_id: str, target: Path, progress: Progress) -> None:
        """Write a document's file beside its place and move it there once its hash is right.

        Raises:
            HubError: The hub refused, does not answer for long, or sent other bytes.
        """
        info = (await self.document(document_id)).file
        draft = target.with_name(target.name + ".part")
        patience = Patience()
        digest = hashlib.sha256()
        received = 0
        with draft.open("wb") as file:
            while received < info.size_bytes:
                before = received
                request = page_service_pb2.DownloadDocumentRequest(
                    document_id=document_id, offset_bytes=received
                )
                try:
                    with remote_errors():
                        metadata = await self._session.metadata()
                        async for chunk in self._pages.DownloadDocument(request, metadata=metadata):
                            file.write(chunk.data)
                            digest.update(chunk.data)
                            received += len(chunk.data)
                            patience.progress()
                            progress(received, info.size_bytes)
                    if received == before:
                        raise Unavailable("the hub sent nothing")
                except HubError as error:
                    await patience.after(error)
        if digest.hexdigest() != info.sha256:
            draft.unlink()
            raise Unavailable("the file arrived damaged; try again")
        draft.replace(target)

    async def _call(
        self,
        method: Callable[..., Awaitable[T]],
        request: Any,  # one of many messages; the method knows which
        timeout_s: float = CALL_S,
    ) -> T:
        with remote_errors():
            return await method(request, metadata=await self._session.metadata(), timeout=timeout_s)


def _measure(path: Path) -> tuple[int, str]:
    """Give a file's size and hash, without holding it in memory."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return file.tell(), digest.hexdigest()


def _part(path: Path, offset: int, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(offset)
        return file.read(size)
