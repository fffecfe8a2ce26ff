"""Counting tries before any password is looked at."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from identity_service.domain.errors import TooManyTries
from identity_service.domain.throttle import (
    PER_ACCOUNT,
    PER_SOURCE,
    Limit,
    account_key,
    source_key,
    wait_for,
    within,
)
from identity_service.ports import Store

_MOST_REMEMBERED: Final = 10_000
_LONGEST_LINE: Final = 16
_NEXT_S: Final = 1.0
"""When a try may come again for which the line was too long."""
_log: Final = structlog.get_logger("identity_service")


@dataclass(slots=True)
class _Line:
    """Tries of one source that wait to be counted."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    length: int = 0


class Admission:
    """Lets tries in, in numbers that a guesser has no use for.

    What was refused is remembered here until it may come again: only tries that are let in count,
    so nothing can change before. A flood from one address therefore never reaches the database,
    whose few connections would else all wait for that address's one row.

    Args:
        store: Where tries are kept, for all replicas and over restarts.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._refused_until: dict[bytes, datetime] = {}
        self._lines: dict[str, _Line] = {}

    async def __call__(self, account: str, source: str, now: datetime) -> None:
        """Count a try against its account and its source, or refuse it uncounted.

        Args:
            account: An e-mail address, or what else a secret is tried for.
            source: Where the call comes from.
            now: The present.

        Raises:
            TooManyTries: It is not looked at yet.
        """
        limits = {account_key(account, source): PER_ACCOUNT, source_key(source): PER_SOURCE}
        until = self._until(limits, now)
        if until <= now:
            async with self._in_line(source):
                # Those before may have used the last try up.
                until = self._until(limits, now)
                if until <= now:
                    until = now + await self._count(limits, now)
        if until > now:
            wait_s = (until - now).total_seconds()
            _log.info("sign-in throttled", wait_s=round(wait_s, 1))
            raise TooManyTries(wait_s)

    def _until(self, limits: Iterable[bytes], now: datetime) -> datetime:
        return max(self._refused_until.get(key, now) for key in limits)

    @asynccontextmanager
    async def _in_line(self, source: str) -> AsyncIterator[None]:
        """Let one try of a source be counted at a time, so that it holds one connection."""
        line = self._lines.setdefault(source, _Line())
        if line.length >= _LONGEST_LINE:
            raise TooManyTries(_NEXT_S)
        line.length += 1
        try:
            async with line.lock:
                yield
        finally:
            line.length -= 1
            if not line.length:
                del self._lines[source]

    async def _count(self, limits: dict[bytes, Limit], now: datetime) -> timedelta:
        """Count a try, unless one of its limits says how long to wait."""
        longest = max(limit.window for limit in limits.values())
        async with self._store.transaction(None) as unit:
            tries = await unit.tries.lock(tuple(limits), now + longest)
            waits = {key: wait_for(limit, tries[key], now) for key, limit in limits.items()}
            wait = max(waits.values())
            if wait == timedelta(0):
                for key, limit in limits.items():
                    counted = (*within(limit, tries[key], now), now)
                    await unit.tries.save(key, counted, now + limit.window)
        self._remember({key: now + one for key, one in waits.items() if one > timedelta(0)}, now)
        return wait

    def _remember(self, refused: dict[bytes, datetime], now: datetime) -> None:
        if len(self._refused_until) > _MOST_REMEMBERED:
            kept = {key: until for key, until in self._refused_until.items() if until > now}
            self._refused_until = kept if len(kept) <= _MOST_REMEMBERED else {}
        self._refused_until.update(refused)
