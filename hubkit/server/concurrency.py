"""How many calls are at work: no more than allowed, and none forgotten when the server stops."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from hubkit.core.errors import Busy, Unavailable
from hubkit.server.call import Call, Proceed

RETRY_AFTER_S: Final = 1.0


class CallsInFlight:
    """Counts calls at work, single answers and streams apart, and refuses those over the limit.

    Args:
        calls: Single answers at work at once.
        streams: Streams at work at once.
    """

    def __init__(self, calls: int, streams: int) -> None:
        self._limits = {False: calls, True: streams}
        self._at_work = {False: 0, True: 0}
        self._endless: set[asyncio.Timeout] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._draining = False

    async def admit(self, call: Call, proceed: Proceed) -> object:
        """Let a call in while there is a place.

        Raises:
            Busy: All places are taken.
            Unavailable: The call goes on for ever and the server stops.
        """
        streams = call.method.streams
        if self._at_work[streams] >= self._limits[streams]:
            raise Busy(
                f"{self._limits[streams]} calls are at work, which is all that is allowed;"
                " try again shortly",
                retry_after_s=RETRY_AFTER_S,
                limit=str(self._limits[streams]),
            )
        self._at_work[streams] += 1
        self._idle.clear()
        try:
            if call.method.endless:
                async with self._until_drained():
                    return await proceed()
            return await proceed()
        finally:
            self._at_work[streams] -= 1
            if not any(self._at_work.values()):
                self._idle.set()

    async def drain(self) -> None:
        """End the endless calls, and wait for the others to end by themselves."""
        self._draining = True
        for limit in self._endless:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())
        await self._idle.wait()

    @asynccontextmanager
    async def _until_drained(self) -> AsyncIterator[None]:
        stopping = Unavailable(
            "the server is being restarted; watch again", retry_after_s=RETRY_AFTER_S
        )
        if self._draining:
            raise stopping
        try:
            async with asyncio.timeout(None) as limit:
                self._endless.add(limit)
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise stopping from None
        finally:
            self._endless.discard(limit)
