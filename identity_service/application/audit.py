"""Reading the audit trail, checking it, keeping its heads, erasing people's values."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

import structlog

from hubkit.core.caller import Caller
from hubkit.core.errors import HubError, InvalidArgument
from hubkit.core.paging import PageTokens
from identity_service.application.trail import Trail
from identity_service.domain.audit import (
    Act,
    Actor,
    ChainCheck,
    Fault,
    Head,
    Stored,
    export_line,
)
from identity_service.ports import AuditQuery, Clock, Store

_BATCH: Final = 500
_LIST: Final = b"dochub.identity.v1.AuditService/ListAuditEvents"
_log: Final = structlog.get_logger("identity_service")


class HeadSigner(Protocol):
    """Signs heads, and knows its own signature again."""

    def sign(self, tenant_id: str, head: Head, now: datetime) -> str:
        """Write a head with a signature."""

    def read(self, text: str) -> tuple[str, Head] | None:
        """Give tenant and head of what was signed here; None for anything else."""


class AuditTrail:
    """The trail, as administrators see it.

    Args:
        store: Memory.
        trail: Told of erasures.
        signer: Signs heads; None where there is no data key.
        tokens: Makes page tokens.
        clock: Tells the time.
    """

    def __init__(
        self,
        store: Store,
        trail: Trail,
        signer: HeadSigner | None,
        tokens: PageTokens,
        *,
        clock: Clock,
    ) -> None:
        self._store = store
        self._trail = trail
        self._signer = signer
        self._tokens = tokens
        self._clock = clock

    async def page(
        self, caller: Caller, query: AuditQuery, size: int, token: str
    ) -> tuple[list[Stored], str]:
        """Give a page of events, the newest first, and what leads on."""
        bound = b"\0".join((_LIST, caller.tenant_id.encode(), repr(query).encode()))
        before = int(self._tokens.open(token, bound)[0]) if token else None
        async with self._store.transaction(caller.tenant_id) as unit:
            events = await unit.audit.before(before, query, size + 1)
        page = events[:size]
        more = len(events) > size
        return page, self._tokens.seal((str(page[-1].seq),), bound) if more else ""

    async def export(self, caller: Caller, after_seq: int) -> AsyncIterator[bytes]:
        """Give all events after a number as lines of JSON, the oldest first."""
        async for events in self._batches(caller.tenant_id, after_seq):
            yield b"".join(export_line(event) for event in events)

    async def verify(
        self, caller: Caller, signed_heads: tuple[str, ...]
    ) -> tuple[int, Fault | None, str]:
        """Check the whole chain; gives how many events, the first fault, and the head, signed.

        Raises:
            InvalidArgument: A head was not signed here, or is another tenant's.
        """
        here = caller.tenant_id
        async with self._store.transaction(here) as unit:
            head = await unit.audit.head()
        check = ChainCheck(here, [self._head(text, here) for text in signed_heads])
        upto = head.seq if head else 0
        async for events in self._batches(here, 0):
            for event in events:
                # What is added meanwhile is for the next check.
                if event.seq <= upto or head is None:
                    check.add(event)
        fault = check.end(head)
        signed = ""
        if self._signer is not None and head is not None and fault is None:
            signed = self._signer.sign(here, head, self._clock())
        return check.last.seq, fault, signed

    async def erase(self, caller: Caller, actor: Actor, person_id: str) -> int:
        """Take a person's values out of the trail; tells how many."""
        async with self._store.transaction(caller.tenant_id) as unit:
            count = await unit.audit.erase(person_id)
            if count:
                act = Act("audit.erased", person_id, {"count": str(count)})
                await self._trail.tell(unit, act, actor)
        return count

    def _head(self, text: str, tenant_id: str) -> Head:
        found = self._signer.read(text) if self._signer is not None else None
        if found is None or found[0] != tenant_id:
            raise InvalidArgument(
                "a head was not signed by this service for this tenant", field="signed_heads"
            )
        return found[1]

    async def _batches(self, tenant_id: str, after_seq: int) -> "AsyncIterator[list[Stored]]":
        while True:
            async with self._store.transaction(tenant_id) as unit:
                events = await unit.audit.after(after_seq, _BATCH)
            if events:
                yield events
                after_seq = events[-1].seq
            if len(events) < _BATCH:
                return


class KeepHeads:
    """Write every tenant's signed head to a file now and then, out of the database's reach.

    Args:
        store: Memory.
        signer: Signs heads.
        folder: One file a day, each line a head; better on another machine or medium.
        pause_s: How often.
        clock: Tells the time.
    """

    def __init__(
        self, store: Store, signer: HeadSigner, folder: Path, pause_s: float, *, clock: Clock
    ) -> None:
        self._store = store
        self._signer = signer
        self._folder = folder
        self._pause_s = pause_s
        self._clock = clock

    async def __call__(self) -> None:
        """Write the heads once."""
        async with self._store.transaction(None) as unit:
            heads = await unit.audit.heads()
        now = self._clock()
        lines = [
            json.dumps({"tenant_id": tenant_id, "head": self._signer.sign(tenant_id, head, now)})
            for tenant_id, head in heads
        ]
        await asyncio.to_thread(self._append, f"{now:%Y-%m-%d}.jsonl", lines)

    async def run(self) -> None:
        """Write them again and again until cancelled."""
        while True:
            try:
                await self()
            except (HubError, OSError) as error:
                _log.warning("heads of the audit trail were not kept", reason=str(error))
            await asyncio.sleep(self._pause_s)

    def _append(self, name: str, lines: list[str]) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (self._folder / name).open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
