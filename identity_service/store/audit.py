"""The audit trail of a tenant."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import ARRAY, BYTEA, TEXT, UUID
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import bindparam

from identity_service.domain.audit import Entry, Head, Kept, Stored
from identity_service.ports import AuditQuery
from identity_service.store.tables import audit_event, audit_head, audit_value

_APPEND = text(
    "SELECT identity.append_audit(:payload, :names, :persons, :given, :salts)"
).bindparams(
    bindparam("names", type_=ARRAY(TEXT)),
    bindparam("persons", type_=ARRAY(UUID(as_uuid=False))),
    bindparam("given", type_=ARRAY(TEXT)),
    bindparam("salts", type_=ARRAY(BYTEA)),
)
_ERASE = text("SELECT identity.erase_audit_values(CAST(:person AS uuid))")
_HEADS = text("SELECT tenant_id, seq, hash FROM identity.audit_heads()")


class SqlAudit:
    """The trail on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def append(self, entry: Entry) -> None:
        """Add an event; until the transaction ends the tenant's other writers wait."""
        values = entry.values
        await self._connection.execute(
            _APPEND,
            {
                "payload": entry.payload,
                "names": [one.name for one in values],
                "persons": [one.person_id for one in values],
                "given": [one.value for one in values],
                "salts": [one.salt for one in values],
            },
        )

    async def head(self) -> Head | None:
        """Tell where the chain stands; None before the first event."""
        found = await self._connection.execute(select(audit_head.c.seq, audit_head.c.hash))
        row = found.one_or_none()
        return None if row is None else Head(*row)

    async def heads(self) -> list[tuple[str, Head]]:
        """Tell where the chains of all tenants stand."""
        rows = (await self._connection.execute(_HEADS)).all()
        return [(str(row.tenant_id), Head(row.seq, row.hash)) for row in rows]

    async def after(self, seq: int, limit: int) -> list[Stored]:
        """Give events after a number, the oldest first."""
        query = _EVENTS.where(audit_event.c.seq > seq).order_by(audit_event.c.seq).limit(limit)
        return await self._with_values((await self._connection.execute(query)).all())

    async def before(self, seq: int | None, query: AuditQuery, limit: int) -> list[Stored]:
        """Give events before a number that a query asks for, the newest first."""
        chosen = _EVENTS
        if seq is not None:
            chosen = chosen.where(audit_event.c.seq < seq)
        if query.actor_id:
            chosen = chosen.where(audit_event.c.actor_id == query.actor_id)
        if query.action.endswith("."):
            chosen = chosen.where(audit_event.c.action.startswith(query.action, autoescape=True))
        elif query.action:
            chosen = chosen.where(audit_event.c.action == query.action)
        if query.subject_id:
            chosen = chosen.where(audit_event.c.subject_id == query.subject_id)
        if query.start_time is not None:
            chosen = chosen.where(audit_event.c.time >= query.start_time)
        if query.end_time is not None:
            chosen = chosen.where(audit_event.c.time < query.end_time)
        chosen = chosen.order_by(audit_event.c.seq.desc()).limit(limit)
        return await self._with_values((await self._connection.execute(chosen)).all())

    async def erase(self, person_id: str) -> int:
        """Take a person's values away; tells how many."""
        return int(await self._connection.scalar(_ERASE, {"person": person_id}) or 0)

    async def _with_values(
        self, rows: Sequence[tuple[int, str, bytes, datetime, str | None, str, str | None]]
    ) -> list[Stored]:
        found = await self._connection.execute(
            select(
                audit_value.c.seq,
                audit_value.c.name,
                audit_value.c.person_id,
                audit_value.c.value,
                audit_value.c.salt,
            ).where(audit_value.c.seq.in_([row[0] for row in rows]))
        )
        values: dict[int, list[Kept]] = {}
        for seq, *kept in found:
            values.setdefault(seq, []).append(Kept(*kept))
        return [
            Stored(seq, payload, digest, (time, actor, action, subject), tuple(values.get(seq, ())))
            for seq, payload, digest, time, actor, action, subject in rows
        ]


_EVENTS = select(
    audit_event.c.seq,
    audit_event.c.payload,
    audit_event.c.hash,
    audit_event.c.time,
    audit_event.c.actor_id,
    audit_event.c.action,
    audit_event.c.subject_id,
)
