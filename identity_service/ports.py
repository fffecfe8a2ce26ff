"""What the use cases need of the world: memory, passwords, tokens, the clock, randomness."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from hubkit.server.revocations import Revocation
from identity_service.domain.audit import Entry, Head, Stored
from identity_service.domain.keys import ApiKey
from identity_service.domain.membership import Membership
from identity_service.domain.people import Account, Member, Person, SecondFactor
from identity_service.domain.session import EndReason, OpenSession, Session, StoredToken

Clock = Callable[[], datetime]
"""Gives the present time in UTC."""
NewId = Callable[[], str]
"""Makes an id that nobody else has."""
RandomBytes = Callable[[int], bytes]
"""Makes bytes that nobody can guess."""


@dataclass(frozen=True, slots=True)
class TokenPlace:
    """Where a refresh token belongs."""

    tenant_id: str
    session_id: str


@dataclass(frozen=True, slots=True)
class TenantRow:
    """A tenant and what it chose.

    Attributes:
        id: Which.
        slug: Short name for signing in.
        display_name: For people.
        locale: Language of what is written to it.
        time_zone: By which its days begin.
        revision: Counts the changes.
    """

    id: str
    slug: str
    display_name: str
    locale: str
    time_zone: str
    revision: int


@dataclass(frozen=True, slots=True)
class Reset:
    """Whose password was set by a link, and the tenants that they belong to."""

    person_id: str
    tenant_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """Which events; what is empty or None does not matter.

    Attributes:
        actor_id: Of one who acted.
        action: One, or all that begin with it where it ends with a dot.
        subject_id: About one.
        start_time: Not before.
        end_time: Before.
    """

    actor_id: str = ""
    action: str = ""
    subject_id: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail.

    Attributes:
        to: Address.
        subject: What it is about.
        text: What it says; may hold a secret.
    """

    to: str
    subject: str
    text: str = field(repr=False)


class Mail(Protocol):
    """Sends letters."""

    async def send(self, letter: Letter) -> None:
        """Hand one over.

        Raises:
            Unavailable: It was not taken.
        """


class Sealing(Protocol):
    """Hides secrets at rest."""

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Hide a secret."""

    def open(self, sealed: bytes, purpose: str) -> bytes | None:
        """Give a secret back; None for what was not sealed here for this."""


class Accounts(Protocol):
    """People and their places."""

    async def find_login(self, email: str) -> Account | None:
        """Give what is needed to let a person in; works before a tenant is known."""

    async def member(self, person_id: str) -> Member | None:
        """Give a person's place in this tenant; None when person, place or tenant is closed."""

    async def replace_hash(self, person_id: str, password_time: datetime, new_hash: str) -> None:
        """Keep the same password under another hash, unless it was changed meanwhile."""

    async def change_password(self, person_id: str, new_hash: str, now: datetime) -> None:
        """Give a member of this tenant another password."""

    async def second_factor(self, person_id: str) -> SecondFactor:
        """Give a member's authenticator and keep others waiting until the transaction ends."""

    async def save_second_factor(self, person_id: str, factor: SecondFactor) -> None:
        """Keep a member's authenticator."""

    async def add_mail_secret(self, email: str, digest: bytes, until: datetime) -> Person | None:
        """Keep the digest of a link that is mailed; None when nobody may have one."""

    async def use_mail_secret(self, digest: bytes, new_hash: str, now: datetime) -> Reset | None:
        """Set a password by a link that was mailed; None when it is dead."""


class Sessions(Protocol):
    """Sessions and refresh tokens of this tenant."""

    async def find_token(self, digest: bytes) -> TokenPlace | None:
        """Tell where a refresh token belongs; works before a tenant is known."""

    async def add(self, session: Session, token: StoredToken) -> None:
        """Keep a new session with its first token."""

    async def get(self, session_id: str) -> Session | None:
        """Give one."""

    async def lock(self, session_id: str) -> Session | None:
        """Give one and keep others from changing it until the transaction ends."""

    async def token(self, digest: bytes) -> StoredToken | None:
        """Give a refresh token, as it stands since the session was locked."""

    async def rotate(self, used: StoredToken, successor: StoredToken) -> None:
        """Keep a used token and its successor, and throw older seals away."""

    async def end(self, session_id: str, now: datetime, reason: EndReason) -> None:
        """End one with all its tokens, unless it has ended."""

    async def sweep(self, before: datetime) -> int:
        """Forget the sessions of all tenants that ran out before a time; tells how many."""

    async def end_here(self, person_id: str, now: datetime, reason: EndReason) -> None:
        """End a person's sessions in this tenant."""

    async def of_person(self, person_id: str, now: datetime) -> list[OpenSession]:
        """List a person's open sessions in every tenant, the newest first."""

    async def end_of_person(
        self,
        person_id: str,
        now: datetime,
        reason: EndReason,
        *,
        only: str | None = None,
        but: str | None = None,
    ) -> list[str]:
        """End a person's sessions in every tenant; gives the ids of those that ended."""


class Tries(Protocol):
    """Tries to sign in, by key; they belong to no tenant."""

    async def lock(
        self, keys: Sequence[bytes], expire_time: datetime
    ) -> dict[bytes, tuple[datetime, ...]]:
        """Give the tries of each key and keep others waiting until the transaction ends."""

    async def save(self, key: bytes, tries: Sequence[datetime], expire_time: datetime) -> None:
        """Keep the tries of a key until a time."""

    async def forget(self, key: bytes) -> None:
        """Begin anew."""

    async def sweep(self, now: datetime) -> int:
        """Forget what no longer counts; tells how many keys."""


class Revoked(Protocol):
    """Tokens that no longer count, of all tenants."""

    async def read(self, since: datetime) -> tuple[Revocation, ...]:
        """Give what was revoked after a time."""


class ApiKeys(Protocol):
    """API keys of this tenant."""

    async def find(self, digest: bytes) -> tuple[str, str] | None:
        """Give tenant and id of a key; works before a tenant is known."""

    async def add(self, tenant_id: str, key: ApiKey, digest: bytes) -> None:
        """Keep a new key."""

    async def get(self, key_id: str) -> ApiKey | None:
        """Give one."""

    async def before(self, key_id: str | None, limit: int) -> list[ApiKey]:
        """Give keys made before one, the newest first."""

    async def note_use(self, key_id: str, now: datetime) -> None:
        """Remember that a key was used."""

    async def revoke(self, key_id: str, now: datetime) -> None:
        """Withdraw a key."""


class Members(Protocol):
    """Members of this tenant, and the tenant itself."""

    async def enroll(self, new_id: str, email: str, name: str) -> tuple[Person, bool]:
        """Find or make the person of an address; tells whether they have a password."""

    async def add(self, tenant_id: str, new: Membership) -> None:
        """Make somebody a member."""

    async def get(self, person_id: str) -> Membership | None:
        """Give one."""

    async def lock(self, tenant_id: str, person_id: str) -> tuple[Membership | None, int]:
        """Give one, and how many others administer; others wait until the transaction ends."""

    async def after(self, email: str, limit: int) -> list[Membership]:
        """Give members whose address follows one, by address."""

    async def save(self, changed: Membership, now: datetime) -> None:
        """Keep a changed member; tokens made before no longer count."""

    async def tenant(self) -> TenantRow:
        """Give the tenant and its settings."""

    async def save_tenant(self, changed: TenantRow) -> bool:
        """Keep changed settings, unless somebody else changed them; tells whether it was done."""


class Audit(Protocol):
    """The audit trail of this tenant."""

    async def append(self, entry: Entry) -> None:
        """Add an event; until the transaction ends the tenant's other writers wait."""

    async def head(self) -> Head | None:
        """Tell where the chain stands; None before the first event."""

    async def heads(self) -> list[tuple[str, Head]]:
        """Tell where the chains of all tenants stand."""

    async def after(self, seq: int, limit: int) -> list[Stored]:
        """Give events after a number, the oldest first."""

    async def before(self, seq: int | None, query: AuditQuery, limit: int) -> list[Stored]:
        """Give events before a number that a query asks for, the newest first."""

    async def erase(self, person_id: str) -> int:
        """Take a person's values away; tells how many."""


class Unit(Protocol):
    """One transaction's view of the store."""

    @property
    def accounts(self) -> Accounts:
        """People and their places."""

    @property
    def sessions(self) -> Sessions:
        """Sessions and refresh tokens."""

    @property
    def tries(self) -> Tries:
        """Tries to sign in."""

    @property
    def revocations(self) -> Revoked:
        """Tokens that no longer count."""

    @property
    def api_keys(self) -> ApiKeys:
        """API keys."""

    @property
    def members(self) -> Members:
        """Members, and the tenant itself."""

    @property
    def audit(self) -> Audit:
        """The audit trail."""


class Store(Protocol):
    """Where everything is kept."""

    def transaction(self, tenant_id: str | None) -> AbstractAsyncContextManager[Unit]:
        """Begin a transaction that sees one tenant, or none; committed unless it raises."""


class Passwords(Protocol):
    """Slow hashing, in bounded numbers."""

    async def verify(self, stored: str | None, password: str) -> bool:
        """Compare; for None it takes the same time and says no.

        Raises:
            Busy: Too many are waiting.
        """

    async def hash(self, password: str) -> str:
        """Hash with the parameters of today.

        Raises:
            Busy: Too many are waiting.
        """

    def is_outdated(self, stored: str) -> bool:
        """Tell whether a hash was made with other parameters than those of today."""


class KeyTokens(Protocol):
    """Signs access tokens of API keys."""

    def key_token(
        self, *, key_id: str, tenant_id: str, scopes: Iterable[str], lifetime_s: int
    ) -> str:
        """Make the access token of whoever holds a key."""


class PersonTokens(Protocol):
    """Signs access tokens."""

    def person_token(
        self,
        *,
        person_id: str,
        tenant_id: str,
        session_id: str,
        role: str,
        epoch: int,
        lifetime_s: int,
    ) -> str:
        """Make the access token of a person."""
