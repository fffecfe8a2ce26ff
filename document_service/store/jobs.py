"""Jobs, and the requests that were answered with one or with an upload."""

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.errors import RequestIdReused
from document_service.domain.job import Job, JobState, Progress
from document_service.ports import After, JobFilter
from document_service.store.forms import Row, failure_from_json, failure_to_json, is_after
from document_service.store.tables import job, request
from hubkit.core.errors import NotFound

REQUEST_LIFETIME: Final = timedelta(hours=24)
_ACTIVE: Final = (JobState.QUEUED.value, JobState.RUNNING.value)


class JobStore:
    """Keeps jobs within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Job) -> None:
        """Keep a new job."""
        await self._connection.execute(
            insert(job).values(
                id=new.id,
                kind=new.kind,
                document_id=new.document_id,
                run_id=new.run_id,
                create_time=new.create_time,
                **_changing(new),
            )
        )

    async def get(self, job_id: str) -> Job:
        """Give one."""
        return await self._one(select(job).where(job.c.id == job_id))

    async def lock(self, job_id: str) -> Job:
        """Give one, locked."""
        return await self._one(select(job).where(job.c.id == job_id).with_for_update())

    async def save(self, changed: Job) -> None:
        """Keep a changed job."""
        await self._connection.execute(
            update(job).where(job.c.id == changed.id).values(**_changing(changed))
        )

    async def lock_active(self, document_id: str) -> Job | None:
        """Give and lock the job now queued or running for a document."""
        query = select(job).where(job.c.document_id == document_id, job.c.state.in_(_ACTIVE))
        row = (await self._connection.execute(query.with_for_update())).first()
        return None if row is None else _job(row)

    async def list(self, wanted: JobFilter, after: After | None, limit: int) -> tuple[Job, ...]:
        """Give jobs, newest first."""
        query = select(job).order_by(job.c.create_time.desc(), job.c.id.desc()).limit(limit)
        if wanted.document_id is not None:
            query = query.where(job.c.document_id == wanted.document_id)
        if wanted.states:
            query = query.where(job.c.state.in_([state.value for state in wanted.states]))
        if after is not None:
            query = query.where(is_after(after, job.c.create_time, job.c.id))
        return tuple(_job(row) for row in await self._connection.execute(query))

    async def _one(self, query: Select[tuple[object, ...]]) -> Job:
        row = (await self._connection.execute(query)).first()
        if row is None:
            raise NotFound("there is no such job")
        return _job(row)


class RequestStore:
    """Remembers answered requests within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def claim(
        self, request_id: str, rpc: str, digest: bytes, answer_id: str, now: datetime
    ) -> str:
        """Give the id that answers a request; waits while a twin of it is being answered."""
        statement = postgresql.insert(request).values(
            request_id=request_id,
            rpc=rpc,
            digest=digest,
            answer_id=answer_id,
            expire_time=now + REQUEST_LIFETIME,
        )
        offered = statement.excluded
        claimed = await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[request.c.tenant_id, request.c.request_id],
                set_={
                    "rpc": offered.rpc,
                    "digest": offered.digest,
                    "answer_id": offered.answer_id,
                    "expire_time": offered.expire_time,
                },
                where=request.c.expire_time <= now,
            ).returning(request.c.answer_id)
        )
        if claimed.first() is not None:
            return answer_id
        query = select(request).where(request.c.request_id == request_id)
        first = (await self._connection.execute(query)).one()
        if first.rpc != rpc or first.digest != digest:
            raise RequestIdReused(
                "this request id came with another request before; make a new one",
                field="request_id",
            )
        return str(first.answer_id)

    async def forget_expired(self, now: datetime) -> None:
        """Drop those whose time is over."""
        await self._connection.execute(delete(request).where(request.c.expire_time <= now))


def _changing(value: Job) -> dict[str, object]:
    return {
        "state": value.state.value,
        "done": value.progress.done,
        "total": value.progress.total,
        "stage": value.progress.stage,
        "error": failure_to_json(value.error),
        "starts": value.starts,
        "start_time": value.start_time,
        "end_time": value.end_time,
    }


def _job(row: Row) -> Job:
    return Job(
        id=row.id,
        document_id=row.document_id,
        run_id=row.run_id,
        kind=row.kind,
        state=JobState(row.state),
        progress=Progress(row.done, row.total, row.stage),
        error=failure_from_json(row.error),
        starts=row.starts,
        create_time=row.create_time,
        start_time=row.start_time,
        end_time=row.end_time,
    )
