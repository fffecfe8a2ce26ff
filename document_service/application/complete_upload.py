"""Make a document of an upload: whole, of the announced checksum, of a kind that can be read."""

from dataclasses import dataclass

import structlog

from document_service.domain.document import Document, DocumentChange, FileInfo
from document_service.domain.errors import ChecksumMismatch, Failure
from document_service.domain.job import Job
from document_service.domain.run import ReadingOptions, Run
from document_service.domain.upload import Upload, UploadState
from document_service.ports import Clock, Inspection, NewId, Reader, Store, Work
from hubkit.blobs.port import BlobStore
from hubkit.core.caller import current_caller
from hubkit.core.errors import HubError, Kind, NotFound, Unavailable
from hubkit.core.ids import check_id

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class CompleteUpload:
    """Completes uploads; calling again, at once or later, gives the same answer.

    Attributes:
        store: The service's memory.
        blobs: Where parts and files are kept.
        reader: Looks at the file.
        clock: Tells the time.
        new_id: Names documents, runs and jobs.
    """

    store: Store
    blobs: BlobStore
    reader: Reader
    clock: Clock
    new_id: NewId

    async def __call__(self, upload_id: str) -> tuple[Document, Job]:
        """Make the document and have it read.

        Raises:
            UploadIncomplete: A part is missing.
            ChecksumMismatch: The file is not the announced one; nothing of it is kept.
            HubError: One of `REFUSALS`; the file can't be read and nothing of it is kept.
        """
        tenant_id = current_caller().tenant_id
        upload_id = check_id(upload_id, "upload_id")
        async with self.store.transaction(tenant_id) as work:
            upload = await work.uploads.get(upload_id)
            if upload.state is not UploadState.OPEN:
                return await self._repeat(work, upload)
            received = await work.uploads.parts(upload_id)
        upload.check_open(self.clock())
        upload.check_whole(frozenset(received))
        try:
            inspection = await self._store_and_look(tenant_id, upload)
        except HubError as error:
            # A parallel call may have closed the upload and taken the bytes from under this one.
            async with self.store.transaction(tenant_id) as work:
                now_standing = await work.uploads.get(upload_id)
                if now_standing.state is not UploadState.OPEN:
                    return await self._repeat(work, now_standing)
            if isinstance(error, NotFound):
                raise Unavailable("the file went away while it was looked at; try again") from error
            raise
        if isinstance(inspection, HubError):
            await self._refuse(tenant_id, upload_id, inspection)
            raise inspection
        answer = await self._accept(tenant_id, upload_id, inspection)
        await self._drop_parts(tenant_id, upload_id)
        return answer

    async def _store_and_look(self, tenant_id: str, upload: Upload) -> Inspection | HubError:
        try:
            await self._put(tenant_id, upload)
            try:
                return await self.reader.inspect(upload.announced.sha256)
            except ChecksumMismatch:
                # The file was there already, but damaged: these parts are right and mend it.
                await self.blobs.delete(tenant_id, upload.announced.sha256)
                await self._put(tenant_id, upload)
                return await self.reader.inspect(upload.announced.sha256)
        except HubError as error:
            if error.kind is Kind.INVALID:
                return error
            raise

    async def _put(self, tenant_id: str, upload: Upload) -> None:
        parts = self.blobs.read_parts(tenant_id, upload.id, upload.part_count)
        await self.blobs.put(tenant_id, parts, sha256=upload.announced.sha256)

    async def _accept(
        self, tenant_id: str, upload_id: str, seen: Inspection
    ) -> tuple[Document, Job]:
        now = self.clock()
        async with self.store.transaction(tenant_id) as work:
            upload = await work.uploads.lock(upload_id)
            if upload.state is not UploadState.OPEN:
                return await self._repeat(work, upload)
            announced = upload.announced
            await work.blobs.share(announced.sha256)
            try:
                await self.blobs.stat(tenant_id, announced.sha256)
            except NotFound as error:
                raise Unavailable("the file was swept meanwhile; complete again") from error
            file = FileInfo(
                filename=announced.filename,
                media_type=seen.media_type,
                size_bytes=announced.size_bytes,
                sha256=announced.sha256,
                warnings=seen.warnings,
            )
            run = Run(self.new_id(), self.new_id(), ReadingOptions(), now)
            document = Document.uploaded(
                run.document_id,
                file,
                seen.page_count,
                run_id=run.id,
                creator_id=upload.creator_id,
                now=now,
            )
            job = Job.queued(self.new_id(), document.id, run.id, seen.page_count, now)
            await work.documents.add(document)
            await work.runs.add(run)
            await work.jobs.add(job)
            await work.uploads.save(upload.completed(document.id, job.id))
            await work.outbox.process(job)
            await work.outbox.changed(DocumentChange.CREATED, document)
        return document, job

    async def _refuse(self, tenant_id: str, upload_id: str, why: HubError) -> None:
        async with self.store.transaction(tenant_id) as work:
            upload = await work.uploads.lock(upload_id)
            if upload.state is UploadState.OPEN:
                await work.uploads.save(upload.refused(Failure.of(why)))
        sha256 = upload.announced.sha256
        try:
            async with self.store.transaction(tenant_id) as work:
                if await work.blobs.claim_unused(sha256):
                    await self.blobs.delete(tenant_id, sha256)
        except HubError:
            # The answer is settled; the sweeper takes what is left.
            _log.warning("refused file left to the sweeper", upload_id=upload_id)
        await self._drop_parts(tenant_id, upload_id)

    async def _drop_parts(self, tenant_id: str, upload_id: str) -> None:
        try:
            await self.blobs.delete_parts(tenant_id, upload_id)
        except HubError:
            _log.warning("parts left to the sweeper", upload_id=upload_id)

    async def _repeat(self, work: Work, upload: Upload) -> tuple[Document, Job]:
        if upload.refusal is not None:
            raise upload.refusal.refusal()
        if upload.document_id is None or upload.job_id is None:
            upload.check_open(self.clock())
            raise NotFound("the upload has no document")
        document = await work.documents.get(upload.document_id)
        return document, await work.jobs.get(upload.job_id)
