"""Counting tries before any password is looked at."""

from datetime import datetime, timedelta
from typing import Final

import structlog

from identity_service.domain.errors import TooManyTries
from identity_service.domain.throttle import (
    PER_ACCOUNT,
    PER_SOURCE,
    account_key,
    source_key,
    wait_for,
    within,
)
from identity_service.ports import Store

_log: Final = structlog.get_logger("identity_service")


async def admit(store: Store, account: str, source: str, now: datetime) -> None:
    """Count a try against its account and its source, or refuse it uncounted.

    Args:
        store: Where tries are kept.
        account: An e-mail address, or what else a secret is tried for.
        source: Where the call comes from.
        now: The present.

    Raises:
        TooManyTries: It is not looked at yet.
    """
    limits = {account_key(account, source): PER_ACCOUNT, source_key(source): PER_SOURCE}
    longest = max(limit.window for limit in limits.values())
    async with store.transaction(None) as unit:
        tries = await unit.tries.lock(tuple(limits), now + longest)
        wait = max(wait_for(limit, tries[key], now) for key, limit in limits.items())
        if wait == timedelta(0):
            for key, limit in limits.items():
                counted = (*within(limit, tries[key], now), now)
                await unit.tries.save(key, counted, now + limit.window)
    if wait > timedelta(0):
        _log.info("sign-in throttled", wait_s=round(wait.total_seconds(), 1))
        raise TooManyTries(wait.total_seconds())
