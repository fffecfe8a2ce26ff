"""Have a document read again, with other options."""

import hashlib
from dataclasses import dataclass

from document_service.domain.document import DocumentChange
from document_service.domain.job import Job
from document_service.domain.run import ReadingOptions, Run
from document_service.ports import Clock, NewId, Store
from hubkit.core.caller import current_caller
from hubkit.core.errors import PreconditionFailed
from hubkit.core.ids import check_id


@dataclass(frozen=True, slots=True)
class RequestReading:
    """Queues another reading; the result that stands goes on standing until the new one is whole.

    Attributes:
        store: The service's memory.
        clock: Tells the time.
        new_id: Names runs and jobs.
    """

    store: Store
    clock: Clock
    new_id: NewId

    async def __call__(self, request_id: str, document_id: str, options: ReadingOptions) -> Job:
        """Give the job that reads the document; the same request gives the same job for 24 hours.

        Raises:
            PreconditionFailed: The document is being read already; the job is named.
            RequestIdReused: The request id came with another request before.
        """
        request_id = check_id(request_id, "request_id")
        document_id = check_id(document_id, "document_id")
        now = self.clock()
        digest = hashlib.sha256(f"{document_id} {options!r}".encode()).digest()
        async with self.store.transaction(current_caller().tenant_id) as work:
            document = await work.documents.lock(document_id)
            job = Job.queued(self.new_id(), document_id, self.new_id(), document.page_count, now)
            answer = await work.requests.claim(request_id, "ProcessDocument", digest, job.id, now)
            if answer != job.id:
                return await work.jobs.get(answer)
            active = await work.jobs.lock_active(document_id)
            if active is not None:
                raise PreconditionFailed(
                    "the document is being read; wait for that job or cancel it first",
                    job_id=active.id,
                )
            document = document.queued(job.run_id, now)
            await work.runs.add(Run(job.run_id, document_id, options, now))
            await work.documents.save(document)
            await work.jobs.add(job)
            await work.outbox.process(job)
            await work.outbox.changed(DocumentChange.UPDATED, document)
        return job
