"""Passes a tenant's events on to those who watch: one listener and one read for all of them."""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import structlog

from hubkit.core.errors import Busy, HubError
from hubkit.jobs.events import StoredEvent, last_seq, read_events
from hubkit.sql.database import Database

CHANNEL: Final = "dochub_event"
QUEUE_MAX: Final = 256
"""Events that may wait for one watcher."""

_PAGE: Final = 100
_PAUSE_S: Final = 0.5
_LISTENING_CHECK_S: Final = 15.0
"""How often to make sure that the connection still hears."""

_log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class _Watcher:
    """One who watches: the queue holds at most `QUEUE_MAX` events, and then the end."""

    queue: asyncio.Queue[StoredEvent | HubError] = field(default_factory=asyncio.Queue)


@dataclass(eq=False, slots=True)
class _Tenant:
    """Who watches a tenant, and up to which event they were served."""

    seq: int
    watchers: set[_Watcher] = field(default_factory=set)

    def serve(self, event: StoredEvent) -> None:
        self.seq = event.seq
        for watcher in tuple(self.watchers):
            if watcher.queue.qsize() < QUEUE_MAX:
                watcher.queue.put_nowait(event)
            else:
                self.watchers.discard(watcher)
                watcher.queue.put_nowait(
                    Busy("events came faster than they were taken; resume from the last one taken")
                )


class EventFeed:
    """Live events by tenant; `run` is one of the service's background tasks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tenants: dict[str, _Tenant] = {}
        self._stirred: set[str] = set()
        self._is_stirred = asyncio.Event()

    async def run(self) -> None:
        """Listen until cancelled, again whenever the connection is lost."""
        while True:
            try:
                async with self._database.raw() as connection:
                    await connection.add_listener(CHANNEL, self._hear)
                    connection.add_termination_listener(lambda _: self._is_stirred.set())
                    for tenant_id in self._tenants:  # what was said while nobody listened
                        self._stir(tenant_id)
                    await self._serve(connection)
            except HubError as error:
                _log.warning("event feed lost the database", error=str(error))
                await asyncio.sleep(_PAUSE_S)

    def watched(self) -> frozenset[str]:
        """Give the tenants that somebody watches."""
        return frozenset(self._tenants)

    async def watch(
        self, tenant_id: str, after_seq: int | None = None, types: Sequence[str] = ()
    ) -> AsyncGenerator[StoredEvent, None]:
        """Give a tenant's events, in order and without a gap, until the caller asks no more.

        Args:
            tenant_id: Whose events.
            after_seq: The last one the watcher has; None for those from now on.
            types: Which types; empty for all.

        Raises:
            Busy: The watcher fell too far behind; it resumes from the last event it took.
            Stale: Events after that number are past their retention.
            Unavailable: The database does not answer.
        """
        async with self._database.transaction(tenant_id) as connection:
            latest = await last_seq(connection)
        with self._joined(tenant_id, latest) as (watcher, told):
            seq = told if after_seq is None else after_seq
            # Those told before this watcher joined come from the table, the others by the queue.
            while seq < told:
                async with self._database.transaction(tenant_id) as connection:
                    page = await read_events(connection, seq, types, _PAGE)
                for event in page:
                    seq = event.seq
                    yield event
                if len(page) < _PAGE:
                    break
            while True:
                item = await watcher.queue.get()
                if isinstance(item, HubError):
                    raise item
                if item.seq > seq and (not types or item.type in types):
                    yield item

    @contextmanager
    def _joined(self, tenant_id: str, latest: int) -> Iterator[tuple[_Watcher, int]]:
        """Join those who watch the tenant; gives the number after which the queue has them all."""
        tenant = self._tenants.setdefault(tenant_id, _Tenant(latest))
        watcher = _Watcher()
        tenant.watchers.add(watcher)
        self._stir(tenant_id)  # something may have been told since `latest` was read
        try:
            yield watcher, tenant.seq
        finally:
            tenant.watchers.discard(watcher)
            if not tenant.watchers and self._tenants.get(tenant_id) is tenant:
                del self._tenants[tenant_id]

    def _hear(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        if str(payload) in self._tenants:
            self._stir(str(payload))

    def _stir(self, tenant_id: str) -> None:
        self._stirred.add(tenant_id)
        self._is_stirred.set()

    async def _serve(self, connection: "asyncpg.Connection[asyncpg.Record]") -> None:
        while True:
            try:
                async with asyncio.timeout(_LISTENING_CHECK_S):
                    await self._is_stirred.wait()
            except TimeoutError:
                pass
            if not self._stirred:  # a dead line is as quiet as an idle one
                await connection.execute("SELECT", timeout=_PAUSE_S * 10)
            self._is_stirred.clear()
            while self._stirred:
                await self._serve_tenant(self._stirred.pop())

    async def _serve_tenant(self, tenant_id: str) -> None:
        while (tenant := self._tenants.get(tenant_id)) is not None:
            async with self._database.transaction(tenant_id) as connection:
                page = await read_events(connection, tenant.seq, (), _PAGE)
            for event in page:
                tenant.serve(event)
            if len(page) < _PAGE:
                return
