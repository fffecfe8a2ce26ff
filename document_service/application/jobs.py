"""Get, list, cancel and follow jobs."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from document_service.application.documents import opened, sealed
from document_service.domain.document import DocumentChange
from document_service.domain.job import CANCELLED, Job
from document_service.ports import After, Changes, Clock, JobFilter, Store
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from hubkit.core.paging import PageTokens, page_size


@dataclass(frozen=True, slots=True)
class Jobs:
    """What can be asked of jobs.

    Attributes:
        store: The service's memory.
        changes: Tells when a document, and with it its job, has moved on.
        tokens: Seals page tokens.
        clock: Tells the time.
    """

    store: Store
    changes: Changes
    tokens: PageTokens
    clock: Clock

    async def get(self, job_id: str) -> Job:
        """Give one job."""
        return await self._get(current_caller().tenant_id, check_id(job_id, "id"))

    async def list(
        self, wanted: JobFilter, requested: int, page_token: str
    ) -> tuple[tuple[Job, ...], str]:
        """Give a page of jobs, newest first, and the token of the next page."""
        tenant_id = current_caller().tenant_id
        size = page_size(requested)
        bound_to = f"ListJobs {tenant_id} {wanted!r}".encode()
        after = opened(self.tokens, page_token, bound_to)
        async with self.store.transaction(tenant_id) as work:
            if wanted.document_id is not None:
                await work.documents.get(wanted.document_id)
            rows = await work.jobs.list(wanted, after, size + 1)
        places = [After(row.create_time, row.id) for row in rows]
        return rows[:size], sealed(self.tokens, places, size, bound_to)

    async def cancel(self, job_id: str) -> Job:
        """Stop a job; its worker sees it before the next page. One that has ended stays so."""
        job_id = check_id(job_id, "id")
        now = self.clock()
        async with self.store.transaction(current_caller().tenant_id) as work:
            job = await work.jobs.get(job_id)
            if job.state.is_over:
                return job
            # Always the document before its job, so that no two transactions wait in a ring.
            document = await work.documents.lock(job.document_id)
            job = await work.jobs.lock(job_id)
            if job.state.is_over:
                return job
            job = job.cancelled(now)
            document = document.failed(CANCELLED, now)
            await work.jobs.save(job)
            await work.documents.save(document)
            await work.outbox.changed(DocumentChange.UPDATED, document)
        return job

    async def follow(self, job_id: str) -> AsyncGenerator[Job, None]:
        """Give a job's state at once and after every change, until it ends."""
        tenant_id = current_caller().tenant_id
        job = await self._get(tenant_id, check_id(job_id, "id"))
        async with aclosing(self.changes.follow(tenant_id, None)) as changes:
            async for change in changes:
                # A heartbeat has no document; after the first one nothing can be missed.
                if change.document_id not in (None, job.document_id):
                    continue
                job = await self._get(tenant_id, job.id)
                yield job
                if job.state.is_over:
                    return

    async def _get(self, tenant_id: str, job_id: str) -> Job:
        async with self.store.transaction(tenant_id) as work:
            return await work.jobs.get(job_id)
