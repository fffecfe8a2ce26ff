"""Staying signed in: a refresh token for its successor and a new access token."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, assert_never

import structlog

from hubkit.core.errors import Unauthenticated
from identity_service.application.access import AccessToken, access_token
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor, ActorKind
from identity_service.domain.errors import SessionOver
from identity_service.domain.people import Member
from identity_service.domain.session import (
    SECRET_BYTES,
    EndReason,
    RefreshSecret,
    Session,
    Step,
    StoredToken,
    step_for,
    token_for,
)
from identity_service.ports import Clock, PersonTokens, RandomBytes, Store, TokenPlace, Unit

_log: Final = structlog.get_logger("identity_service")


@dataclass(frozen=True, slots=True)
class Refreshed:
    """A session that goes on."""

    refresh: RefreshSecret
    refresh_expire_time: datetime
    access: AccessToken


@dataclass(frozen=True, slots=True)
class _Next:
    secret: RefreshSecret
    expire_time: datetime
    member: Member
    session: Session


class Refresh:
    """Rotate refresh tokens; the session's row is locked meanwhile, so uses come one by one."""

    def __init__(
        self,
        store: Store,
        signer: PersonTokens,
        trail: Trail,
        *,
        clock: Clock,
        random_bytes: RandomBytes,
    ) -> None:
        self._store = store
        self._signer = signer
        self._trail = trail
        self._clock = clock
        self._random_bytes = random_bytes

    async def __call__(self, presented: RefreshSecret, source: str) -> Refreshed:
        """Give what follows a refresh token.

        Args:
            presented: The token.
            source: Where the call comes from.

        Raises:
            Unauthenticated: It was never given out here.
            SessionOver: The session has ended, or ends now because the token was used before.
        """
        now = self._clock()
        async with self._store.transaction(None) as unit:
            place = await unit.sessions.find_token(presented.digest)
        if place is None:
            raise Unauthenticated("the refresh token is not known here; sign in")
        # Refusals are raised after the transaction, because ending a session must be kept.
        async with self._store.transaction(place.tenant_id) as unit:
            following = await self._step(unit, place, presented, source, now)
        if following is None:
            raise SessionOver
        access = access_token(self._signer, following.member, following.session, now)
        return Refreshed(following.secret, following.expire_time, access)

    async def _step(
        self,
        unit: Unit,
        place: TokenPlace,
        presented: RefreshSecret,
        source: str,
        now: datetime,
    ) -> _Next | None:
        session = await unit.sessions.lock(place.session_id)
        token = await unit.sessions.token(presented.digest)
        if session is None or token is None:
            return None  # swept away since it was found
        step = step_for(session, token, now)
        member = await unit.accounts.member(session.person_id)
        if step is Step.REFUSE:
            return None
        if step is Step.END:
            await self._end(unit, session, now, EndReason.REPLAYED, source)
            return None
        if member is None:
            await self._end(unit, session, now, EndReason.SHUT_OUT, source)
            return None
        if step is Step.REPEAT:
            secret = _successor(presented, token)
            _log.info("refresh repeated", session_id=session.id)
            actor = Actor(ActorKind.PERSON, session.person_id, session.id, source)
            await self._trail.tell(unit, Act("session.refresh_repeated", session.person_id), actor)
        elif step is Step.ROTATE:
            secret = RefreshSecret(self._random_bytes(SECRET_BYTES))
            used = replace(token, rotate_time=now, sealed_successor=presented.seal(secret))
            await unit.sessions.rotate(used, token_for(session, secret, now))
        else:
            assert_never(step)
        return _Next(secret, token_for(session, secret, now).expire_time, member, session)

    async def _end(
        self, unit: Unit, session: Session, now: datetime, reason: EndReason, source: str
    ) -> None:
        await unit.sessions.end(session.id, now, reason)
        facts = {"reason": reason.value, "session": session.id}
        actor = Actor(ActorKind.NOBODY, None, None, source)
        await self._trail.tell(unit, Act("session.ended", session.person_id, facts), actor)
        _log.warning(
            "session ended by the service",
            session_id=session.id,
            person_id=session.person_id,
            tenant_id=session.tenant_id,
            end_reason=reason.value,
        )


def _successor(presented: RefreshSecret, token: StoredToken) -> RefreshSecret:
    if token.sealed_successor is None:
        raise ValueError("a token to repeat has a sealed successor")
    return presented.unseal(token.sealed_successor)
