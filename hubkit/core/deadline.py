"""When the present call must be over, so that every call made on its behalf ends no later."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_ends_at: ContextVar[float | None] = ContextVar("hubkit_deadline", default=None)


def remaining_s() -> float | None:
    """Seconds left of the present call, never negative; None when it has no end."""
    ends_at = _ends_at.get()
    return None if ends_at is None else max(0.0, ends_at - time.monotonic())


@contextmanager
def use_deadline(seconds: float | None) -> Iterator[None]:
    """Let the block end after so many seconds, as far as calls to others go."""
    before = _ends_at.set(None if seconds is None else time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(before)
