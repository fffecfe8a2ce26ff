"""Process a document: read its pages, extract its fields, end its job; resumes where it stopped."""

import hashlib
from dataclasses import dataclass

import structlog

from document_service.application.read_pages import ReadPages, Task
from document_service.domain.correction import (
    corrected,
    extraction_of,
    findings_of,
    rejudged,
)
from document_service.domain.document import Document, DocumentChange, merged
from document_service.domain.errors import (
    REFUSALS,
    ChecksumMismatch,
    Failure,
    ReadingStopped,
)
from document_service.domain.field import Extraction, FieldValue, StoredField
from document_service.domain.job import Job, JobState
from document_service.domain.page import PageInfo, pages_for_extraction
from document_service.ports import Clock, NewId, Reader, Store, Work
from hubkit.blobs.port import BlobStore
from hubkit.core.errors import HubError, Kind, NotFound
from hubkit.faults import fault_point

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ProcessDocument:
    """Handles one job from the queue; may run twice for the same one.

    Attributes:
        store: The service's memory.
        blobs: Where the file is kept.
        reader: Reads and extracts.
        read_pages: Brings the pages in.
        clock: Tells the time.
        new_id: Names fields.
    """

    store: Store
    blobs: BlobStore
    reader: Reader
    read_pages: ReadPages
    clock: Clock
    new_id: NewId

    async def __call__(self, tenant_id: str, job_id: str) -> None:
        """Work on a job until it ends, or until something it needs is away.

        Raises:
            Unavailable: The reader, the blobs or the database do not answer; start it again later.
        """
        fault_point("document.after_claim", job_id)
        task = await self._begin(tenant_id, job_id)
        if task is None:
            return
        try:
            await self._check_bytes(task)
            await self.read_pages(task)
            await self._extract(task)
        except ReadingStopped as stopped:
            _log.info("reading stopped", job_id=job_id, why=str(stopped))
        except HubError as error:
            if not isinstance(error, tuple(REFUSALS.values())):
                raise
            await self.fail(tenant_id, job_id, error)

    async def fail(self, tenant_id: str, job_id: str, error: HubError) -> None:
        """End a job without a result, and its document if it has none from before."""
        await self._end(tenant_id, job_id, Failure.of(error))

    async def _begin(self, tenant_id: str, job_id: str) -> Task | None:
        async with self.store.transaction(tenant_id) as work:
            try:
                seen = await work.jobs.get(job_id)
                document = await work.documents.lock(seen.document_id)
            except NotFound:
                return None
            job = await work.jobs.lock(job_id)
            if job.state.is_over:
                return None
            done = len(await work.pages.numbers(document.id, job.run_id))
            now = self.clock()
            document = document.begun(done, now)
            await work.documents.save(document)
            await work.jobs.save(job.begun(done, now))
            options = await work.runs.options(job.run_id)
            await work.outbox.changed(DocumentChange.UPDATED, document)
        return Task(
            tenant_id=tenant_id,
            job_id=job_id,
            document_id=document.id,
            run_id=job.run_id,
            sha256=document.file.sha256,
            page_count=document.page_count,
            options=options,
        )

    async def _check_bytes(self, task: Task) -> None:
        """Make sure that the file is still the one uploaded; a damaged one is never read."""
        digest = hashlib.sha256()
        try:
            async for chunk in self.blobs.read(task.tenant_id, task.sha256):
                digest.update(chunk)
        except NotFound as error:
            raise NotFound("the stored file is missing; restore it, then process again") from error
        if digest.hexdigest() != task.sha256:
            raise ChecksumMismatch("the stored file is damaged: its SHA-256 has changed")

    async def _extract(self, task: Task) -> None:
        async with self.store.transaction(task.tenant_id) as work:
            document, job = await _locked(work, task.document_id, task.job_id)
            await work.jobs.save(job.extracting())
            pages = await work.pages.list(document.id, task.run_id, 0, task.page_count)
            sizes = await work.pages.layout_sizes(document.id, task.run_id)
            numbers = pages_for_extraction(sizes)
            layouts = await work.pages.layouts(document.id, task.run_id, numbers)
        warnings = merged(*(page.warnings for page in pages))
        if not layouts:
            await self._end(task.tenant_id, task.job_id, _why_unread(pages), warnings)
            return
        extraction = await self.reader.extract(task.sha256, layouts, self.clock().date())
        await self._finish(task, extraction, merged(warnings, extraction.warnings))

    async def _finish(self, task: Task, found: Extraction, warnings: tuple[str, ...]) -> None:
        now = self.clock()
        async with self.store.transaction(task.tenant_id) as work:
            document, job = await _locked(work, task.document_id, task.job_id)
            fields, warnings = await self._with_corrections(work, document.id, found, warnings)
            await work.fields.replace(document.id, task.run_id, fields)
            await work.runs.delete_others(document.id, task.run_id)
            document = document.read(task.run_id, found.classification, warnings, now)
            await work.documents.save(document)
            await work.jobs.save(job.succeeded(now))
            await work.outbox.changed(DocumentChange.UPDATED, document)
            told = extraction_of(found.classification, fields, warnings)
            await work.outbox.fields_changed(document, told)
            fault_point("document.before_result_commit", task.job_id)

    async def _with_corrections(
        self, work: Work, document_id: str, found: Extraction, warnings: tuple[str, ...]
    ) -> tuple[tuple[StoredField, ...], tuple[str, ...]]:
        """Name what was found, and let what people said of earlier readings stand against it."""
        read = self._named(found)
        corrections = await work.corrections.latest(document_id)
        if not corrections:
            return read, warnings
        fields = corrected(read, corrections, self.new_id)
        functions, today = found.classification.functions, self.clock().date()
        before = findings_of(read, functions, today)
        return fields, rejudged(warnings, before, findings_of(fields, functions, today))

    def _named(self, found: Extraction) -> tuple[StoredField, ...]:
        def stored(position: int | None, value: FieldValue) -> StoredField:
            return StoredField(self.new_id(), position, value)

        header = [stored(None, value) for value in found.fields]
        lines = [
            stored(position, cell)
            for position, cells in enumerate(found.line_items, start=1)
            for cell in cells
        ]
        return (*header, *lines)

    async def _end(
        self, tenant_id: str, job_id: str, why: Failure, warnings: tuple[str, ...] = ()
    ) -> None:
        now = self.clock()
        async with self.store.transaction(tenant_id) as work:
            try:
                document, job = await _locked(
                    work, (await work.jobs.get(job_id)).document_id, job_id
                )
            except (NotFound, ReadingStopped):
                return
            document = document.failed(why, now, warnings)
            await work.documents.save(document)
            await work.jobs.save(job.failed(why, now))
            await work.outbox.changed(DocumentChange.UPDATED, document)


async def _locked(work: Work, document_id: str, job_id: str) -> tuple[Document, Job]:
    """Lock a document and its job, in this order; ReadingStopped when the job is over."""
    try:
        document = await work.documents.lock(document_id)
    except NotFound as error:
        raise ReadingStopped("the document was deleted") from error
    job = await work.jobs.lock(job_id)
    if job.state is not JobState.RUNNING:
        raise ReadingStopped("the job has ended", state=job.state.value)
    return document, job


def _why_unread(pages: tuple[PageInfo, ...]) -> Failure:
    errors = [page.error for page in pages if page.error is not None]
    return errors[0] if errors else Failure(Kind.INTERNAL, "INTERNAL", "no page could be read")
