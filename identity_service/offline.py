"""People and tenants from the operator's command line, straight in the database.

Everything here needs the address of `dochub_owner`: the running service can make nobody.
"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from pydantic import SecretStr

from hubkit.config import DatabaseSettings
from hubkit.core.errors import InvalidArgument, NotFound
from hubkit.core.ids import new_id
from hubkit.sql.database import Database
from identity_service.config import PasswordSettings
from identity_service.domain.names import email_of, new_password_of, slug_of
from identity_service.domain.people import Person, Role, Tenant
from identity_service.engine.common import is_common
from identity_service.engine.passwords import PasswordPool
from identity_service.store.registry import SqlRegistry

_LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"  # none that look like another
_GROUPS: Final = 4
_GROUP_LENGTH: Final = 5  # 4 groups of 5 letters hold 99 bits


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What was done about a person.

    Attributes:
        email: Who.
        tenant_slug: Where.
        role: What they may do there now.
        is_new_person: Whether they were unknown.
        is_new_member: Whether they had no place in that tenant.
        generated_password: To be shown once, when none was given to a new person; else None.
    """

    email: str
    tenant_slug: str
    role: str
    is_new_person: bool
    is_new_member: bool
    generated_password: str | None = field(repr=False)

    @property
    def message(self) -> str:
        """What to tell the operator; without the password."""
        place = f"{self.role} of {self.tenant_slug}"
        if self.is_new_person:
            return f"{self.email} was made, as {place}"
        if self.is_new_member:
            return f"{self.email} was there already and is now {place}; the password stays"
        return f"{self.email} is there already, as {place}; the password stays"


async def create_admin(
    owner_dsn: str,
    email: str,
    *,
    tenant_slug: str,
    tenant_name: str = "",
    display_name: str = "",
    password: str | None = None,
) -> Enrolled:
    """Make an administrator, and the tenant if there is none of that slug; doing it again is safe.

    Args:
        owner_dsn: Address of the database as `dochub_owner`.
        email: Who.
        tenant_slug: Short name of the tenant.
        tenant_name: Its name for people; the slug unless given.
        display_name: The person's name; the e-mail address unless given.
        password: For a new person; made up unless given.

    Raises:
        InvalidArgument: A name or the password cannot be used.
    """
    return await _enroll(
        owner_dsn,
        email,
        Role.ADMIN,
        Tenant(new_id(), slug_of(tenant_slug), tenant_name.strip() or slug_of(tenant_slug)),
        makes_tenant=True,
        display_name=display_name,
        password=password,
    )


async def add_member(
    owner_dsn: str,
    email: str,
    *,
    tenant_slug: str,
    role: str,
    display_name: str = "",
    password: str | None = None,
) -> Enrolled:
    """Give somebody a role in a tenant that is there, over the one they had.

    Args:
        owner_dsn: Address of the database as `dochub_owner`.
        email: Who; a person who is not there yet is made.
        tenant_slug: Short name of the tenant.
        role: VIEWER, OPERATOR, REVIEWER, MANAGER or ADMIN.
        display_name: A new person's name; the e-mail address unless given.
        password: For a new person; made up unless given.

    Raises:
        InvalidArgument: A name, the role or the password cannot be used.
        NotFound: There is no such tenant.
    """
    if role not in set(Role):
        raise InvalidArgument(f"role must be one of {', '.join(Role)}", field="role")
    return await _enroll(
        owner_dsn,
        email,
        Role(role),
        Tenant(new_id(), slug_of(tenant_slug), ""),
        makes_tenant=False,
        display_name=display_name,
        password=password,
    )


async def set_password(owner_dsn: str, email: str, password: str | None = None) -> str | None:
    """Give a person another password and end their sessions; returns one that was made up.

    Raises:
        InvalidArgument: The password cannot be used.
        NotFound: There is no such person.
    """
    chosen = password or _made_up()
    password_hash = await _hash(chosen, email_of(email))
    async with _registry(owner_dsn) as registry:
        found = await _person(registry, email)
        await registry.set_password(found.id, password_hash)
        await registry.end_sessions(found.id, datetime.now(UTC))
    return None if password else chosen


async def set_disabled(owner_dsn: str, email: str, *, disabled: bool) -> None:
    """Shut a person out of every tenant and end their sessions, or let them in again.

    Raises:
        NotFound: There is no such person.
    """
    async with _registry(owner_dsn) as registry:
        found = await _person(registry, email)
        await registry.set_disabled(found.id, disabled)
        if disabled:
            await registry.end_sessions(found.id, datetime.now(UTC))


async def _enroll(
    owner_dsn: str,
    email: str,
    role: Role,
    wanted: Tenant,
    *,
    makes_tenant: bool,
    display_name: str,
    password: str | None,
) -> Enrolled:
    who = Person(new_id(), email_of(email), display_name.strip() or email_of(email))
    chosen = password or _made_up()
    password_hash = await _hash(chosen, who.email)
    async with _registry(owner_dsn) as registry:
        if makes_tenant:
            await registry.add_tenant(wanted)
        tenant = await registry.tenant(wanted.slug)
        if tenant is None:
            raise NotFound(f"there is no tenant {wanted.slug}", field="tenant_slug")
        is_new_person = await registry.add_person(who, password_hash)
        person = await _person(registry, who.email)
        is_new_member = await registry.add_member(tenant.id, person.id, role)
    return Enrolled(
        who.email,
        tenant.slug,
        role.value,
        is_new_person,
        is_new_member,
        chosen if is_new_person and not password else None,
    )


@asynccontextmanager
async def _registry(owner_dsn: str) -> AsyncIterator[SqlRegistry]:
    settings = DatabaseSettings(dsn=SecretStr(owner_dsn), pool_size=1)
    async with Database.open(settings) as database, database.transaction(None) as connection:
        yield SqlRegistry(connection)


async def _person(registry: SqlRegistry, email: str) -> Person:
    found = await registry.person(email_of(email))
    if found is None:
        raise NotFound(f"there is no person with the e-mail address {email_of(email)}")
    return found


async def _hash(password: str, email: str) -> str:
    with PasswordPool.open(PasswordSettings()) as pool:
        return await pool.hash(new_password_of(password, is_common, email))


def _made_up() -> str:
    letters = [secrets.choice(_LETTERS) for _ in range(_GROUPS * _GROUP_LENGTH)]
    groups = [letters[at : at + _GROUP_LENGTH] for at in range(0, len(letters), _GROUP_LENGTH)]
    return "-".join("".join(group) for group in groups)
