"""Tries to sign in: rows that belong to no tenant and survive a restart."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.store.tables import login_throttle


class SqlTries:
    """Tries on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lock(
        self, keys: Sequence[bytes], expire_time: datetime
    ) -> dict[bytes, tuple[datetime, ...]]:
        """Give the tries of each key and keep others waiting until the transaction ends."""
        # In one order for everybody, so that no two wait for each other.
        rows = [{"key": key, "tries": [], "expire_time": expire_time} for key in sorted(keys)]
        new = insert(login_throttle).values(rows)
        # An update of nothing, because only an update locks a row that is there.
        locked = new.on_conflict_do_update(
            index_elements=[login_throttle.c.key],
            set_={"expire_time": login_throttle.c.expire_time},
        ).returning(login_throttle.c.key, login_throttle.c.tries)
        found = await self._connection.execute(locked)
        return {row.key: tuple(row.tries) for row in found}

    async def save(self, key: bytes, tries: Sequence[datetime], expire_time: datetime) -> None:
        """Keep the tries of a key until a time."""
        await self._connection.execute(
            update(login_throttle)
            .where(login_throttle.c.key == key)
            .values(tries=list(tries), expire_time=expire_time)
        )

    async def forget(self, key: bytes) -> None:
        """Begin anew."""
        await self._connection.execute(delete(login_throttle).where(login_throttle.c.key == key))

    async def sweep(self, now: datetime) -> int:
        """Forget what no longer counts; tells how many keys."""
        gone = await self._connection.execute(
            delete(login_throttle).where(login_throttle.c.expire_time < now)
        )
        return gone.rowcount
