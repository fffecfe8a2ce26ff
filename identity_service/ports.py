"""What the use cases need of the world: memory, passwords, tokens, the clock, randomness."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from hubkit.server.revocations import Revocation
from identity_service.domain.people import Account, Member
from identity_service.domain.session import EndReason, Session, StoredToken

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


class Accounts(Protocol):
    """People and their places."""

    async def find_login(self, email: str) -> Account | None:
        """Give what is needed to let a person in; works before a tenant is known."""

    async def member(self, person_id: str) -> Member | None:
        """Give a person's place in this tenant; None when person, place or tenant is closed."""

    async def replace_hash(self, person_id: str, password_time: datetime, new_hash: str) -> None:
        """Keep the same password under another hash, unless it was changed meanwhile."""


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
