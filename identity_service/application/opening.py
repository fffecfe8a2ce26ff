"""Opening a session, however somebody proved who they are."""

from dataclasses import dataclass
from datetime import datetime

from identity_service.application.access import AccessToken, access_token
from identity_service.application.trail import Trail
from identity_service.domain.audit import Act, Actor, ActorKind
from identity_service.domain.people import Member
from identity_service.domain.session import (
    SECRET_BYTES,
    Place,
    RefreshSecret,
    Session,
    open_session,
    token_for,
)
from identity_service.ports import NewId, PersonTokens, RandomBytes, Unit


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session with everything the client takes home."""

    member: Member
    session: Session
    refresh: RefreshSecret
    refresh_expire_time: datetime
    access: AccessToken


class Opening:
    """Opens sessions."""

    def __init__(
        self,
        signer: PersonTokens,
        trail: Trail,
        *,
        new_id: NewId,
        random_bytes: RandomBytes,
    ) -> None:
        self._signer = signer
        self._trail = trail
        self._new_id = new_id
        self._random_bytes = random_bytes

    async def __call__(
        self,
        unit: Unit,
        member: Member,
        place: Place,
        now: datetime,
        *,
        way: str,
        until: datetime | None = None,
    ) -> SignedIn:
        """Open a session; the last thing done in its transaction.

        Args:
            unit: In the member's tenant.
            member: Who, and where.
            place: Where from.
            now: The present.
            way: How they proved who they are.
            until: When the session ends at the latest.
        """
        secret = RefreshSecret(self._random_bytes(SECRET_BYTES))
        session = open_session(self._new_id(), member, now, place, until)
        token = token_for(session, secret, now)
        await unit.sessions.add(session, token)
        actor = Actor(ActorKind.PERSON, member.person.id, session.id, place.source)
        facts = {"way": way, "role": member.role.value}
        await self._trail.tell(unit, Act("session.opened", member.person.id, facts), actor)
        access = access_token(self._signer, member, session, now)
        return SignedIn(member, session, secret, token.expire_time, access)
