"""Forgetting: sessions that ran out long ago, and tries that no longer count."""

import asyncio
from typing import Final

import structlog

from hubkit.core.errors import HubError
from identity_service.domain.session import KEPT_AFTER_END
from identity_service.ports import Clock, Store

_PAUSE_S: Final = 900.0
_log: Final = structlog.get_logger("identity_service")


class Sweep:
    """Take away what no decision needs any more."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self) -> None:
        """Sweep once; several replicas may do so at the same time."""
        now = self._clock()
        async with self._store.transaction(None) as unit:
            await unit.tries.sweep(now)
        swept = -1
        while swept:
            async with self._store.transaction(None) as unit:
                swept = await unit.sessions.sweep(now - KEPT_AFTER_END)

    async def run(self) -> None:
        """Sweep now and then until cancelled; a database that is away is tried again later."""
        while True:
            try:
                await self()
            except HubError as error:
                _log.warning("sweep put off", reason=error.reason)
            await asyncio.sleep(_PAUSE_S)
