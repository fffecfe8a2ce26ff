"""How often signing in may be tried, decided before any password is hashed.

Tries are remembered by their times within a sliding window, so that no stretch of the window's
length ever holds more than the limit. Only tries that were admitted count: waiting out the time
that was told always helps, and nobody can keep somebody else waiting from another source.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tries a window holds.

    Attributes:
        most: Tries within the window.
        window: Its length.
        free: Tries without a pause; each one after waits twice as long as the one before.
    """

    most: int
    window: timedelta
    free: int


PER_ACCOUNT: Final = Limit(most=10, window=timedelta(minutes=15), free=5)
"""Of one account from one source."""
PER_SOURCE: Final = Limit(most=30, window=timedelta(minutes=1), free=30)
"""Of any account from one source."""
FIRST_PAUSE: Final = timedelta(seconds=1)


def wait_for(limit: Limit, tries: Sequence[datetime], now: datetime) -> timedelta:
    """Tell how long the next try must wait; zero when it may go ahead.

    Args:
        limit: What applies.
        tries: Times of those admitted, oldest first.
        now: The present.
    """
    recent = within(limit, tries, now)
    if len(recent) < limit.free:
        return timedelta(0)
    if len(recent) >= limit.most:
        until = recent[-limit.most] + limit.window
    else:
        until = recent[-1] + FIRST_PAUSE * 2 ** (len(recent) - limit.free)
    return max(until - now, timedelta(0))


def within(limit: Limit, tries: Sequence[datetime], now: datetime) -> tuple[datetime, ...]:
    """Keep the tries that still count."""
    return tuple(time for time in tries if time > now - limit.window)


def account_key(email: str, source: str) -> bytes:
    """Name an account at a source without telling either."""
    return hashlib.sha256(f"account\0{email}\0{source}".encode()).digest()


def source_key(source: str) -> bytes:
    """Name a source without telling it."""
    return hashlib.sha256(f"source\0{source}".encode()).digest()
