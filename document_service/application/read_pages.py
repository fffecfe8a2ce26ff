"""Read the pages of one document: in small ranges, each page stored as it arrives."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

import structlog

from document_service.domain.document import DocumentChange
from document_service.domain.errors import ReaderLost, ReadingStopped
from document_service.domain.job import JobState
from document_service.domain.page import (
    PAGE_GIVEN_UP,
    PageImage,
    PageInfo,
    PageReading,
    PageStart,
    plan_pages,
)
from document_service.domain.run import ReadingOptions
from document_service.ports import Clock, Reader, Store, Work
from hubkit.blobs.port import BlobStore
from hubkit.core.errors import Busy, DeadlineExceeded, HubError, Kind, NotFound, Unavailable
from hubkit.faults import fault_point

_log = structlog.get_logger(__name__)

REQUESTS_IN_FLIGHT = 2
"""Ranges asked for at once: two readers can work on one document, the others stay free."""


@dataclass(frozen=True, slots=True)
class Task:
    """One reading in hand.

    Attributes:
        tenant_id: Whose document it is.
        job_id: The job.
        document_id: The document.
        run_id: The reading.
        sha256: The file.
        page_count: Its pages.
        options: How to read.
    """

    tenant_id: str
    job_id: str
    document_id: str
    run_id: str
    sha256: str
    page_count: int
    options: ReadingOptions


@dataclass(frozen=True, slots=True)
class ReadPages:
    """Brings every page of a reading into the store, whatever was there before.

    Attributes:
        store: The service's memory.
        blobs: Where pictures are kept.
        reader: Reads.
        clock: Tells the time.
    """

    store: Store
    blobs: BlobStore
    reader: Reader
    clock: Clock

    async def __call__(self, task: Task) -> None:
        """Read what is missing, round by round, until every page is stored or given up.

        Raises:
            ReadingStopped: The job was cancelled or its document deleted.
            Unavailable: The reader, the blobs or the database do not answer; go on later.
            HubError: The file as a whole can't be read.
        """
        while True:
            async with self.store.transaction(task.tenant_id) as work:
                stored = await work.pages.numbers(task.document_id, task.run_id)
                starts = await work.pages.starts(task.document_id, task.run_id)
            plan = plan_pages(task.page_count, stored, starts)
            if plan.is_done:
                return
            for number in plan.given_up:
                await self._keep(task, _given_up(number, starts[number]))
            await self._round(task, plan.ranges)

    async def _round(self, task: Task, ranges: Sequence[tuple[int, int]]) -> None:
        """Ask for ranges, two at a time; after a failure no new one is begun."""
        waiting = deque(ranges)
        failures: list[HubError] = []

        async def lane() -> None:
            while waiting and not failures:
                first, last = waiting.popleft()
                try:
                    await self._range(task, first, last)
                except HubError as error:
                    failures.append(error)

        async with asyncio.TaskGroup() as lanes:
            for _ in range(REQUESTS_IN_FLIGHT):
                lanes.create_task(lane())
        if failures:
            raise failures[0]

    async def _range(self, task: Task, first: int, last: int) -> None:
        await self.reader.ensure_ready()
        missing = set(range(first, last + 1))
        async with self.store.transaction(task.tenant_id) as work:
            await self._check_running(work, task)
            await work.pages.count_start(task.document_id, task.run_id, sorted(missing))
        try:
            async for reading in self.reader.read_pages(task.sha256, first, last, task.options):
                number = reading.info.number
                if number not in missing:
                    continue
                missing.discard(number)
                if reading.info.error is not None and reading.may_be_mended:
                    await self._count_failure(task, number, reading.info.error.reason)
                else:
                    await self._keep(task, reading.with_own_warning())
        except (ReaderLost, DeadlineExceeded) as error:
            # The reader, which has a time limit a page, may have died or hang by one of these
            # pages, or by something else: only the start of each stays counted.
            raise Unavailable("the reader was lost; it is asked again later") from error
        except (Unavailable, Busy) as error:
            async with self.store.transaction(task.tenant_id) as work:
                await work.pages.take_back_start(task.document_id, task.run_id, sorted(missing))
            raise Unavailable("the reader cannot read now; it is asked again later") from error
        except HubError as error:
            if error.kind is not Kind.INTERNAL:
                raise
            _log.warning(
                "reader failed", job_id=task.job_id, first=first, last=last, why=str(error)
            )
        # Only a page that was alone is known to be at fault; of a range, each goes alone next.
        if missing == {first} and first == last:
            await self._count_failure(task, first, "INTERNAL")

    async def _keep(self, task: Task, reading: PageReading) -> None:
        """Store one page: first its picture, then row, counters and event in one transaction."""
        image = await self._put_image(task, reading)
        async with self.store.transaction(task.tenant_id) as work:
            await self._check_running(work, task)
            if image is not None:
                await work.blobs.share(image.sha256)
                try:
                    await self.blobs.stat(task.tenant_id, image.sha256)
                except NotFound as error:
                    raise Unavailable("the picture was swept meanwhile") from error
            if await work.pages.add(task.document_id, task.run_id, reading, image):
                document = (await work.documents.lock(task.document_id)).page_read(self.clock())
                job = (await work.jobs.lock(task.job_id)).page_read()
                await work.documents.save(document)
                await work.jobs.save(job)
                await work.outbox.changed(DocumentChange.UPDATED, document)
            fault_point("document.before_page_commit", str(reading.info.number))
        fault_point("document.after_page", str(reading.info.number))

    async def _put_image(self, task: Task, reading: PageReading) -> PageImage | None:
        if not reading.image:
            return None
        info = await self.blobs.put(task.tenant_id, _once(reading.image), sha256=None)
        return PageImage(
            sha256=info.sha256,
            size_bytes=info.size,
            media_type=reading.image_media_type,
            width_px=reading.image_width_px,
            height_px=reading.image_height_px,
        )

    async def _check_running(self, work: Work, task: Task) -> None:
        """Lock document and job, in this order, and stop when the job is over."""
        try:
            await work.documents.lock(task.document_id)
            job = await work.jobs.lock(task.job_id)
        except NotFound as error:
            raise ReadingStopped("the document was deleted") from error
        if job.state is not JobState.RUNNING:
            raise ReadingStopped("the job has ended", state=job.state.value)

    async def _count_failure(self, task: Task, number: int, reason: str) -> None:
        async with self.store.transaction(task.tenant_id) as work:
            await work.pages.count_failure(task.document_id, task.run_id, number, reason)


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data


def _given_up(number: int, start: PageStart) -> PageReading:
    info = PageInfo(
        number=number,
        width_px=0,
        height_px=0,
        text_source="NONE",
        rotation=0,
        skew_degrees=0.0,
        mean_confidence=0.0,
        line_count=0,
        warnings=(PAGE_GIVEN_UP,),
        error=start.why_given_up(),
    )
    return PageReading(info=info, layout=b"")
