"""How long a call may take: its own deadline, or a limit where it came without one."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from hubkit.core.deadline import use_deadline
from hubkit.core.errors import DeadlineExceeded
from hubkit.server.call import Call, Proceed

DEFAULT_UNARY_S: Final = 30.0
"""For a call that gives one answer and came without a deadline."""
LONGEST_UNARY_S: Final = 300.0
"""Whatever deadline the caller set."""
STALL_S: Final = 120.0
"""Longest time between two messages of a stream: to make one and to have it taken."""


async def keep_deadline(call: Call, proceed: Proceed) -> object:
    """End the work when its time is over.

    Raises:
        DeadlineExceeded: It was not done by then; the work has been cancelled.
    """
    # Its type says it is always a number, but it is None where the caller set no deadline.
    asked = cast("float | None", call.context.time_remaining())
    limit = asked
    if not call.method.streams:
        limit = DEFAULT_UNARY_S if asked is None else min(asked, LONGEST_UNARY_S)
    with use_deadline(limit):
        async with _time_limit(limit, "the call did not end within its deadline"):
            return await proceed()


@asynccontextmanager
async def stall_limit(seconds: float) -> AsyncIterator[None]:
    """End a stream that makes no headway.

    Raises:
        DeadlineExceeded: The block took longer.
    """
    async with _time_limit(seconds, f"the stream stood still for {seconds:.0f} seconds"):
        yield


@asynccontextmanager
async def _time_limit(seconds: float | None, complaint: str) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(seconds) as limit:
            yield
    except TimeoutError:
        # Another's TimeoutError, from deep within the work, is not about this limit.
        if not limit.expired():
            raise
        raise DeadlineExceeded(complaint) from None
