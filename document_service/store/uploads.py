"""Uploads and what has arrived of them."""

from datetime import datetime

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.upload import Announcement, Upload, UploadState
from document_service.store.forms import Row, failure_from_json, failure_to_json
from document_service.store.tables import upload, upload_part
from hubkit.core.errors import NotFound


class UploadStore:
    """Keeps uploads within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Upload) -> None:
        """Keep a new upload."""
        announced = new.announced
        await self._connection.execute(
            insert(upload).values(
                id=new.id,
                filename=announced.filename,
                size_bytes=announced.size_bytes,
                sha256=announced.sha256,
                part_size_bytes=announced.part_size_bytes,
                creator_id=new.creator_id,
                state=new.state.value,
                create_time=new.create_time,
                expire_time=new.expire_time,
            )
        )

    async def get(self, upload_id: str) -> Upload:
        """Give one."""
        return await self._one(upload_id, lock=False)

    async def lock(self, upload_id: str) -> Upload:
        """Give one, locked."""
        return await self._one(upload_id, lock=True)

    async def save(self, changed: Upload) -> None:
        """Keep a changed upload."""
        await self._connection.execute(
            update(upload)
            .where(upload.c.id == changed.id)
            .values(
                state=changed.state.value,
                document_id=changed.document_id,
                job_id=changed.job_id,
                refusal=failure_to_json(changed.refusal),
            )
        )

    async def put_part(self, upload_id: str, index: int, size: int, crc32c: int) -> None:
        """Note that a part has arrived."""
        statement = postgresql.insert(upload_part).values(
            upload_id=upload_id, index=index, size_bytes=size, crc32c=crc32c
        )
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[upload_part.c.upload_id, upload_part.c.index],
                set_={"size_bytes": size, "crc32c": crc32c},
            )
        )

    async def parts(self, upload_id: str) -> tuple[int, ...]:
        """Give the indices of the parts that have arrived."""
        found = await self._connection.execute(
            select(upload_part.c.index)
            .where(upload_part.c.upload_id == upload_id)
            .order_by(upload_part.c.index)
        )
        return tuple(found.scalars())

    async def expired(self, now: datetime, limit: int) -> tuple[str, ...]:
        """Name uploads whose time is over."""
        found = await self._connection.execute(
            select(upload.c.id)
            .where(upload.c.expire_time <= now)
            .order_by(upload.c.expire_time)
            .limit(limit)
        )
        return tuple(found.scalars())

    async def delete(self, upload_id: str) -> None:
        """Forget one with its parts."""
        await self._connection.execute(delete(upload).where(upload.c.id == upload_id))

    async def _one(self, upload_id: str, *, lock: bool) -> Upload:
        query = select(upload).where(upload.c.id == upload_id)
        row = (await self._connection.execute(query.with_for_update() if lock else query)).first()
        if row is None:
            raise NotFound("there is no such upload")
        return _upload(row)


def _upload(row: Row) -> Upload:
    return Upload(
        id=row.id,
        announced=Announcement(row.filename, row.size_bytes, row.sha256, row.part_size_bytes),
        creator_id=row.creator_id,
        state=UploadState(row.state),
        document_id=row.document_id,
        job_id=row.job_id,
        refusal=failure_from_json(row.refusal),
        create_time=row.create_time,
        expire_time=row.expire_time,
    )
