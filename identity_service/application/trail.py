"""Telling the audit trail, in the transaction of what is done or soon after."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from hubkit.core.errors import HubError
from hubkit.observe.logs import failure_facts
from identity_service.domain.audit import SALT_BYTES, Act, Actor, entry_of
from identity_service.ports import Clock, RandomBytes, Store, Unit

_MOST: Final = 1000
"""What may wait at once; more is dropped with a word in the log."""
_TRIES: Final = 5
_PAUSE_S: Final = 2.0
_log: Final = structlog.get_logger("identity_service")


class Trail:
    """Writes events of the audit trail."""

    def __init__(self, *, clock: Clock, random_bytes: RandomBytes) -> None:
        self._clock = clock
        self._random_bytes = random_bytes

    async def tell(self, unit: Unit, act: Act, actor: Actor) -> None:
        """Add an event to the trail of the transaction's tenant; the last thing done in it."""
        salts = [self._random_bytes(SALT_BYTES) for _ in (*act.personal, actor)]
        await unit.audit.append(entry_of(act, actor, self._clock(), salts))

    async def tell_in(self, store: Store, tenant_id: str, act: Act, actor: Actor) -> None:
        """Add an event in a transaction of its own."""
        async with store.transaction(tenant_id) as unit:
            await self.tell(unit, act, actor)


class Later:
    """Work that nobody waits for, so that an answer's time tells nothing of it; `run` does it."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue(_MOST)

    def do(self, work: Callable[[], Awaitable[None]]) -> None:
        """Have something done soon, unless far too much waits."""
        try:
            self._queue.put_nowait(work)
        except asyncio.QueueFull:
            _log.error("too much waits to be done later; something was dropped")

    async def run(self) -> None:
        """Do what waits, one after another, until cancelled."""
        while True:
            work = await self._queue.get()
            try:
                await self._done(work)
            except Exception as error:  # noqa: BLE001  # what follows must be done all the same
                _log.error("something was not done", **failure_facts(error))
            finally:
                self._queue.task_done()

    async def _done(self, work: Callable[[], Awaitable[None]]) -> None:
        for left in reversed(range(_TRIES)):
            try:
                await work()
            except HubError:
                if not left:
                    raise
                await asyncio.sleep(_PAUSE_S)
            else:
                return
