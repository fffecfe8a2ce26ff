"""Access tokens: short proofs of a session that every service checks by itself."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from identity_service.domain.people import Member
from identity_service.domain.session import Session, access_lifetime
from identity_service.ports import PersonTokens


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A signed token and its end."""

    text: str = field(repr=False)
    expire_time: datetime


def access_token(
    signer: PersonTokens, member: Member, session: Session, now: datetime
) -> AccessToken:
    """Make the access token of a member's session."""
    lifetime_s = int(access_lifetime(session, now).total_seconds())
    text = signer.person_token(
        person_id=member.person.id,
        tenant_id=member.tenant.id,
        session_id=session.id,
        role=member.role.value,
        epoch=member.epoch,
        lifetime_s=lifetime_s,
    )
    return AccessToken(text, now + timedelta(seconds=lifetime_s))
