"""Puts events and work into the caller's own transaction: both happen with its changes, or not."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlalchemy.ext.asyncio import AsyncConnection

from hubkit.core.ids import new_id

_PUBLISH: Final = "SELECT bus.publish($1::uuid, $2::uuid, $3, $4, $5)"
_ENQUEUE: Final = "SELECT bus.enqueue($1, $2::uuid, $3::uuid, $4, $5, $6)"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that has happened, told to every service that subscribes to its type.

    Attributes:
        id: Names the event for ever; a consumer that has seen it does nothing again.
        tenant_id: Whose it is; the transaction's own tenant.
        type: What happened, such as `document.changed`.
        schema_version: Which form the payload has.
        payload: A protobuf message.
    """

    id: str
    tenant_id: str
    type: str
    schema_version: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Work:
    """Something the service itself is to do later.

    Attributes:
        kind: Which of the worker's handlers does it.
        tenant_id: Whose it is; the transaction's own tenant.
        payload: A protobuf message.
        dedupe_key: Work of one kind, tenant and key waits or runs at most once; None for no limit.
        delay_s: How long it waits at least.
    """

    kind: str
    tenant_id: str
    payload: bytes
    dedupe_key: str | None = None
    delay_s: float = 0.0


async def publish(connection: AsyncConnection, event: Event) -> int:
    """Store an event, with one job for each subscription, and wake those who watch.

    Call it last in the transaction: until that ends, the tenant's other publishers wait, so that
    events become visible in the order of their numbers. An event told before is not told again.

    Returns:
        The event's number, which counts the tenant's events.
    """
    result = await connection.exec_driver_sql(
        _PUBLISH, (event.id, event.tenant_id, event.type, event.schema_version, event.payload)
    )
    return int(result.scalar_one())


async def enqueue(connection: AsyncConnection, work: Work) -> bool:
    """Put work into the calling service's own queue.

    Returns:
        Whether it was put there; not when work of the same key waits or runs already. What
        changes while it runs is therefore no reason to rely on the running one: leave the key out,
        or let the handler look again when it ends.
    """
    delay = timedelta(seconds=work.delay_s)
    parameters = (work.kind, work.tenant_id, new_id(), work.payload, work.dedupe_key, delay)
    result = await connection.exec_driver_sql(_ENQUEUE, parameters)
    return bool(result.scalar_one())
