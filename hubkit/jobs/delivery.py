"""What a handler gets, and the envelope that carries it through the queue."""

import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from uuid import UUID

_ENVELOPE: Final = struct.Struct(">16s16si")
"""Id, tenant and schema version, written by the database before the payload."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event or piece of work, handed to a handler; it may be handed out again.

    Attributes:
        id: The event's or the work's own id, the same at every start.
        kind: The event's type or the kind of work.
        tenant_id: Whose it is.
        schema_version: Which form the payload has.
        payload: A protobuf message.
        starts: How often it was begun, this time included.
    """

    id: str
    kind: str
    tenant_id: str
    schema_version: int
    payload: bytes
    starts: int


Handler = Callable[[Delivery], Awaitable[None]]


def open_envelope(kind: str, content: bytes, starts: int) -> Delivery:
    """Read a job's content as `bus.add_job` wrote it."""
    event_id, tenant_id, schema_version = _ENVELOPE.unpack_from(content)
    return Delivery(
        id=str(UUID(bytes=event_id)),
        kind=kind,
        tenant_id=str(UUID(bytes=tenant_id)),
        schema_version=schema_version,
        payload=content[_ENVELOPE.size :],
        starts=starts,
    )
