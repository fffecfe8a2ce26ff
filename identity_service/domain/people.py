"""People, tenants, and which tenant a person enters.

A person is one for all tenants; the role is the membership's.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from hubkit.core.errors import InvalidArgument
from identity_service.domain.errors import WrongCredentials


class Role(StrEnum):
    """What a member may do; each includes those before it."""

    VIEWER = "VIEWER"
    OPERATOR = "OPERATOR"
    REVIEWER = "REVIEWER"
    MANAGER = "MANAGER"
    ADMIN = "ADMIN"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs in.

    Attributes:
        id: The same in every tenant.
        email: In the spelling of `names.email_of`.
        display_name: For people.
    """

    id: str
    email: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Tenant:
    """A company.

    Attributes:
        id: Keeps its rows apart.
        slug: Short name for signing in.
        display_name: For people.
    """

    id: str
    slug: str
    display_name: str


@dataclass(frozen=True, slots=True)
class Member:
    """A person's place in one tenant.

    Attributes:
        person: Who.
        tenant: Where.
        role: What they may do.
        epoch: Tokens that carry a smaller one no longer count.
    """

    person: Person
    tenant: Tenant
    role: Role
    epoch: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """What must be known of a person to let them in.

    Attributes:
        person: Who.
        password_hash: As argon2 writes it; None for who has no password yet.
        password_time: When the password was set.
        is_disabled: Whether the person may not sign in anywhere.
        memberships: In tenants that are open, by slug.
    """

    person: Person
    password_hash: str | None
    password_time: datetime
    is_disabled: bool
    memberships: tuple[Member, ...]


@dataclass(frozen=True, slots=True)
class SecondFactor:
    """A person's authenticator.

    Attributes:
        sealed_secret: What it shares with us; None where there is none.
        confirm_time: Since when its codes are asked for; None while they are not.
        last_step: The time step of the last code that was used.
        recovery_digests: Of the recovery codes that are left.
    """

    sealed_secret: bytes | None = field(default=None, repr=False)
    confirm_time: datetime | None = None
    last_step: int = 0
    recovery_digests: tuple[bytes, ...] = ()


def choose_membership(account: Account | None, matches: bool, slug: str) -> Member:
    """Decide which tenant a person enters.

    Args:
        account: Of the e-mail address given; None where there is none.
        matches: Whether the password is the account's.
        slug: The tenant asked for; empty for the only one.

    Raises:
        WrongCredentials: Nobody enters.
        InvalidArgument: The person has several tenants and named none.
    """
    if account is None or not matches or account.is_disabled:
        raise WrongCredentials
    wanted = slug.strip().lower()
    found = [m for m in account.memberships if not wanted or m.tenant.slug == wanted]
    if not found:
        raise WrongCredentials
    if len(found) > 1:
        raise InvalidArgument(
            "you belong to several companies: name one in tenant_slug",
            field="tenant_slug",
            tenant_slugs=",".join(m.tenant.slug for m in found),
        )
    return found[0]
