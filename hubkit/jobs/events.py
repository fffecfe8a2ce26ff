"""Reads the events of one tenant, in order, from wherever the reader stopped."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hubkit.core.errors import Stale

_READ: Final = "SELECT * FROM bus.read_events($1, $2::text[], $3)"


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event with its place among the tenant's events.

    Attributes:
        seq: Its number; later events have higher ones, some numbers may be missing.
        id: Names the event for ever.
        tenant_id: Whose it is.
        type: What happened.
        schema_version: Which form the payload has.
        payload: A protobuf message.
        created_at: When the transaction that told it began.
    """

    seq: int
    id: str
    tenant_id: str
    type: str
    schema_version: int
    payload: bytes
    created_at: datetime


async def read_events(
    connection: AsyncConnection, after_seq: int, types: Sequence[str] = (), limit: int = 100
) -> list[StoredEvent]:
    """Read the events of the transaction's tenant that follow a number; none is ever missed.

    Args:
        connection: In a transaction of the tenant.
        after_seq: The last number read; 0 for none.
        types: Which types; empty for all.
        limit: How many at most.

    Raises:
        Stale: Events after that number are past their retention: read the whole state anew.
    """
    rows = (await connection.exec_driver_sql(_READ, (after_seq, list(types), limit))).all()
    if rows[0].expired:
        raise Stale("the events after this cursor are no longer kept; read the list anew")
    return [
        StoredEvent(
            seq=row.seq,
            id=str(row.id),
            tenant_id=str(row.tenant_id),
            type=row.type,
            schema_version=row.schema_version,
            payload=row.payload,
            created_at=row.created_at,
        )
        for row in rows
        if row.seq is not None
    ]


async def last_seq(connection: AsyncConnection) -> int:
    """Give the number of the tenant's latest event, from which a watcher of news starts."""
    return int((await connection.exec_driver_sql("SELECT bus.last_seq()")).scalar_one())
