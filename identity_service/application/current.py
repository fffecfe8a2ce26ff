"""The session at hand: who it belongs to, and its end."""

from typing import Final

import structlog

from hubkit.core.caller import Caller
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor
from identity_service.domain.errors import SessionOver
from identity_service.domain.people import Member
from identity_service.domain.session import EndReason
from identity_service.ports import Clock, Store

_log: Final = structlog.get_logger("identity_service")


class WhoAmI:
    """Tell people who they are."""

    def __init__(self, store: Store, *, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def __call__(self, caller: Caller) -> Member:
        """Give the caller's person, tenant and present role.

        Raises:
            SessionOver: The session has ended, or its person may no longer be here.
        """
        member = None
        async with self._store.transaction(caller.tenant_id) as unit:
            session = await unit.sessions.get(caller.session_id or "")
            if session and session.is_open(self._clock()) and session.person_id == caller.person_id:
                member = await unit.accounts.member(session.person_id)
        if member is None:
            raise SessionOver
        return member


class SignOut:
    """End sessions on their person's wish."""

    def __init__(self, store: Store, trail: Trail, *, clock: Clock) -> None:
        self._store = store
        self._trail = trail
        self._clock = clock

    async def __call__(self, caller: Caller, actor: Actor) -> None:
        """End the caller's session; nothing happens when it has ended."""
        now = self._clock()
        async with self._store.transaction(caller.tenant_id) as unit:
            session = await unit.sessions.lock(caller.session_id or "")
            if session is None or session.end_time is not None:
                return
            await unit.sessions.end(session.id, now, EndReason.SIGNED_OUT)
            facts = {"reason": EndReason.SIGNED_OUT.value}
            await self._trail.tell(unit, Act("session.ended", caller.person_id, facts), actor)
        _log.info("signed out", session_id=caller.session_id, person_id=caller.person_id)
