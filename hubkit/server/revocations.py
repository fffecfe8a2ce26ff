"""Tokens that no longer count: what identity tells of them, kept at hand in every service.

A token is good for minutes, a person may be shut out in a second. So every service asks identity
every few seconds what was revoked, looks it up for each call, and ends the streams of those whom it
concerns. A service that could not ask for half a minute trusts no token until it can again.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import structlog

from hubkit.core.caller import Caller
from hubkit.core.errors import HubError, Kind, Unavailable
from hubkit.tokens import PERSON_TOKEN_S

POLL_S: Final = 5.0
STALEST_S: Final = 30.0
"""How old what is known may be before persons are refused."""
FIRST_S: Final = 5.0
"""How long a call waits where nothing is known yet."""
KEPT_S: Final = PERSON_TOKEN_S + 120.0
"""After that a token that was revoked has run out anyway, whatever clocks differ by."""
_RETRY_AFTER_S: Final = 1.0
_log: Final = structlog.get_logger("hubkit.server")


class TokenRevoked(HubError):
    """The token has not run out, but no longer counts."""

    kind = Kind.UNAUTHENTICATED
    reason = "TOKEN_REVOKED"

    def __init__(self) -> None:
        """Say what to do: a session that goes on gives another token, one that ended does not."""
        super().__init__("this token no longer counts: refresh it, or sign in again")


@dataclass(frozen=True, slots=True)
class Revocation:
    """Tokens that no longer count.

    Attributes:
        session_id: Those of one session or API key; else None.
        tenant_id: Else those of a person in this tenant.
        person_id: The person.
        epoch: Those with a smaller one.
    """

    session_id: str | None
    tenant_id: str | None = None
    person_id: str | None = None
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """What identity tells.

    Attributes:
        revocations: In no order.
        as_of: What to ask with next time.
    """

    revocations: tuple[Revocation, ...]
    as_of: datetime


Source = Callable[[datetime | None], Awaitable[Told]]
"""Asks identity what was revoked since a time; None for all that may matter."""


class Revocations:
    """What is known, and who has a stream open.

    Args:
        source: Asks identity.
        poll_s: Pause between two questions.
    """

    def __init__(self, source: Source, poll_s: float = POLL_S) -> None:
        self._source = source
        self._poll_s = poll_s
        self._sessions: dict[str, float] = {}
        self._epochs: dict[tuple[str, str], tuple[int, float]] = {}
        self._since: datetime | None = None
        self._asked_at: float | None = None
        self._is_known = asyncio.Event()
        self._streams: dict[asyncio.Timeout, Caller] = {}

    async def follow(self) -> None:
        """Ask again and again until cancelled; what was told stays while identity is away."""
        while True:
            try:
                await self.ask()
            except HubError as error:
                _log.warning("revocations are not known", reason=error.reason)
            self._end_streams()
            await asyncio.sleep(self._poll_s)

    async def ask(self) -> None:
        """Ask once."""
        asked_at = time.monotonic()
        told = await self._source(self._since)
        self._learn(told.revocations, asked_at)
        self._since = told.as_of
        self._asked_at = asked_at
        self._is_known.set()

    async def demand(self, caller: Caller) -> None:
        """Let a token pass that still counts.

        Raises:
            TokenRevoked: It does not.
            Unavailable: Nothing is known for too long.
        """
        if not self._is_known.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(FIRST_S):
                    await self._is_known.wait()
        if (failure := self._failure(caller)) is not None:
            raise failure

    @asynccontextmanager
    async def watching(self, caller: Caller) -> AsyncIterator[None]:
        """End the block when the caller's token is revoked meanwhile.

        Raises:
            TokenRevoked: It was.
            Unavailable: Nothing is known for too long.
        """
        try:
            async with asyncio.timeout(None) as limit:
                self._streams[limit] = caller
                yield
        except TimeoutError:
            if not limit.expired():
                raise
            raise (self._failure(caller) or TokenRevoked()) from None
        finally:
            del self._streams[limit]

    def _failure(self, caller: Caller) -> HubError | None:
        if self._asked_at is None or time.monotonic() - self._asked_at > STALEST_S:
            return Unavailable(
                "it is not known at the moment whose sessions go on; try again",
                retry_after_s=_RETRY_AFTER_S,
            )
        epoch, _ = self._epochs.get((caller.tenant_id, caller.person_id or ""), (0, 0.0))
        if caller.session_id in self._sessions or caller.epoch < epoch:
            return TokenRevoked()
        return None

    def _learn(self, told: Iterable[Revocation], now: float) -> None:
        forget = now - KEPT_S
        self._sessions = {key: at for key, at in self._sessions.items() if at > forget}
        self._epochs = {key: kept for key, kept in self._epochs.items() if kept[1] > forget}
        for one in told:
            if one.session_id is not None:
                self._sessions.setdefault(one.session_id, now)
            elif one.tenant_id is not None and one.person_id is not None:
                self._epochs[one.tenant_id, one.person_id] = (one.epoch, now)

    def _end_streams(self) -> None:
        now = asyncio.get_running_loop().time()
        for limit, caller in self._streams.items():
            if not limit.expired() and self._failure(caller) is not None:
                limit.reschedule(now)
