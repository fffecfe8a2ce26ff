"""Sessions and their refresh tokens: how long they last, and what a token's use leads to.

A refresh token is 256 random bits, kept as SHA-256 alone. It works once and yields its successor.
For a short grace after, using it again yields the same successor, for a reply may be lost and a
browser has several tabs; the successor is therefore kept sealed under its predecessor, which only
the client holds. As soon as the successor has been used the seal is thrown away, and the use of
any older token means that somebody holds a copy: the session ends.
"""

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from identity_service.domain.people import Member, Tenant

SESSION_LIFETIME: Final = timedelta(days=30)
"""However often it is refreshed."""
IDLE_LIFETIME: Final = timedelta(days=7)
"""Without a refresh."""
GRACE: Final = timedelta(seconds=30)
ACCESS_LIFETIME: Final = timedelta(minutes=10)
KEPT_AFTER_END: Final = timedelta(days=30)
"""How long a session that has run out can still be looked up."""

SECRET_BYTES: Final = 32
_SEAL: Final = b"dochub refresh token: successor"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call comes from.

    Attributes:
        source: Network address, as `names.source_of` writes it.
        user_agent: What the calling program calls itself.
    """

    source: str
    user_agent: str = ""


class EndReason(Enum):
    """Why a session was ended before its time."""

    SIGNED_OUT = "SIGNED_OUT"
    REPLAYED = "REPLAYED"  # a refresh token came back after its successor was used
    SHUT_OUT = "SHUT_OUT"  # the person, the membership or the tenant is no longer active
    REVOKED = "REVOKED"  # from another session
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105  # a reason, no password
    SWITCHED = "SWITCHED"  # another tenant of the same person was entered


@dataclass(frozen=True, slots=True)
class RefreshSecret:
    """The token itself, as the client holds it; never logged, never stored."""

    raw: bytes = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> "RefreshSecret | None":
        """Read what a client sent; None for what was never a token."""
        try:
            raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
        except (NotBase64, ValueError):
            return None
        secret = cls(raw)
        return secret if len(raw) == SECRET_BYTES and secret.text == text else None

    @property
    def text(self) -> str:
        """The 43 characters that travel."""
        return urlsafe_b64encode(self.raw).rstrip(b"=").decode()

    @property
    def digest(self) -> bytes:
        """What is stored."""
        return hashlib.sha256(self.raw).digest()

    def seal(self, successor: "RefreshSecret") -> bytes:
        """Hide a successor so that only this token's holder finds it; once in a token's life.

        The pad is as long as the secret and used for nothing else, so nothing of it shows.
        """
        return self._with_pad(successor.raw)

    def unseal(self, sealed: bytes) -> "RefreshSecret":
        """Give the successor that was sealed."""
        return RefreshSecret(self._with_pad(sealed))

    def _with_pad(self, data: bytes) -> bytes:
        pad = hmac.digest(self.raw, _SEAL, hashlib.sha256)
        return bytes(a ^ b for a, b in zip(data, pad, strict=True))


@dataclass(frozen=True, slots=True)
class Session:
    """One sign-in of a person in a tenant.

    Attributes:
        id: Stands in every token of the session.
        tenant_id: Where.
        person_id: Who.
        start_time: When they signed in.
        expire_time: When it ends for good.
        end_time: When it was ended before that; None while it was not.
        source: The network address it began at.
        user_agent: What the program that began it calls itself.
    """

    id: str
    tenant_id: str
    person_id: str
    start_time: datetime
    expire_time: datetime
    end_time: datetime | None = None
    source: str = ""
    user_agent: str = ""

    def is_open(self, now: datetime) -> bool:
        """Tell whether it still lets its person in."""
        return self.end_time is None and now < self.expire_time


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session as its person sees it.

    Attributes:
        session: The session itself.
        tenant: Where.
        last_use_time: When it was last refreshed.
    """

    session: Session
    tenant: Tenant
    last_use_time: datetime


@dataclass(frozen=True, slots=True)
class StoredToken:
    """What is kept of a refresh token.

    Attributes:
        digest: SHA-256 of the secret.
        session_id: Its session.
        issue_time: When it was given out.
        expire_time: When it ends unless it is used.
        rotate_time: When it was used; None while it is the newest.
        sealed_successor: Set from its own use until the successor's.
    """

    digest: bytes
    session_id: str
    issue_time: datetime
    expire_time: datetime
    rotate_time: datetime | None = None
    sealed_successor: bytes | None = None


class Step(Enum):
    """What the use of a refresh token leads to."""

    ROTATE = "rotate"  # give a new successor
    REPEAT = "repeat"  # give the same successor again
    END = "end"  # end the session: somebody holds a copy
    REFUSE = "refuse"  # nothing is left to refresh


def step_for(session: Session, token: StoredToken, now: datetime) -> Step:
    """Decide what the use of a token leads to."""
    if not session.is_open(now):
        return Step.REFUSE
    if token.rotate_time is None:
        return Step.ROTATE if now < token.expire_time else Step.REFUSE
    if token.sealed_successor is not None and now - token.rotate_time <= GRACE:
        return Step.REPEAT
    return Step.END


def open_session(
    session_id: str, member: Member, now: datetime, place: Place, until: datetime | None = None
) -> Session:
    """Begin a session, which ends no later than a time."""
    end = now + SESSION_LIFETIME
    return Session(
        session_id,
        member.tenant.id,
        member.person.id,
        now,
        end if until is None else min(end, until),
        source=place.source,
        user_agent=place.user_agent,
    )


def token_for(session: Session, secret: RefreshSecret, now: datetime) -> StoredToken:
    """Make what is kept of a new refresh token."""
    expire_time = min(now + IDLE_LIFETIME, session.expire_time)
    return StoredToken(secret.digest, session.id, now, expire_time)


def access_lifetime(session: Session, now: datetime) -> timedelta:
    """Tell how long an access token lasts: never beyond its session."""
    return min(ACCESS_LIFETIME, session.expire_time - now)
