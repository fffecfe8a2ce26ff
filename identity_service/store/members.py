"""Members of a tenant."""

from datetime import datetime

from sqlalchemy import Row, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.domain.membership import Membership
from identity_service.domain.people import Person, Role
from identity_service.ports import TenantRow
from identity_service.store.tables import membership, person, tenant

_ENROLL = text("SELECT * FROM identity.enroll_person(CAST(:id AS uuid), :email, :name)")
# One at a time decides about administrators, so that no two remove each other.
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended('members ' || :tenant, 0))")


class SqlMembers:
    """Members and the tenant itself, on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def enroll(self, new_id: str, email: str, name: str) -> tuple[Person, bool]:
        """Find or make the person of an address; tells whether they have a password."""
        parameters = {"id": new_id, "email": email, "name": name}
        row = (await self._connection.execute(_ENROLL, parameters)).one()
        return Person(str(row.person_id), email, row.display_name), row.has_password

    async def add(self, tenant_id: str, new: Membership) -> None:
        """Make somebody a member."""
        await self._connection.execute(
            insert(membership).values(
                tenant_id=tenant_id,
                person_id=new.person.id,
                role=new.role.value,
                create_time=new.create_time,
            )
        )

    async def get(self, person_id: str) -> Membership | None:
        """Give one."""
        found = await self._connection.execute(_MEMBERS.where(person.c.id == person_id))
        row = found.one_or_none()
        return None if row is None else _member(row)

    async def lock(self, tenant_id: str, person_id: str) -> tuple[Membership | None, int]:
        """Give one, and how many others administer; others wait until the transaction ends."""
        await self._connection.execute(_LOCK, {"tenant": tenant_id})
        others = await self._connection.scalar(
            select(func.count())
            .select_from(membership.join(person))
            .where(
                membership.c.role == Role.ADMIN.value,
                membership.c.disable_time.is_(None),
                person.c.disable_time.is_(None),
                membership.c.person_id != person_id,
            )
        )
        return await self.get(person_id), int(others or 0)

    async def after(self, email: str, limit: int) -> list[Membership]:
        """Give members whose address follows one, by address."""
        query = _MEMBERS.where(person.c.email > email).order_by(person.c.email).limit(limit)
        rows = (await self._connection.execute(query)).all()
        return [_member(row) for row in rows]

    async def save(self, changed: Membership, now: datetime) -> None:
        """Keep a changed member; tokens made before no longer count."""
        await self._connection.execute(
            update(membership)
            .where(membership.c.person_id == changed.person.id)
            .values(
                role=changed.role.value,
                disable_time=changed.disable_time,
                epoch=membership.c.epoch + 1,
                epoch_time=now,
            )
        )

    async def tenant(self) -> TenantRow:
        """Give the tenant and its settings."""
        row = (await self._connection.execute(_TENANT)).one()
        return TenantRow(*row)

    async def save_tenant(self, changed: TenantRow) -> bool:
        """Keep changed settings, unless somebody else changed them; tells whether it was done."""
        done = await self._connection.execute(
            update(tenant)
            .where(tenant.c.id == changed.id, tenant.c.revision == changed.revision)
            .values(
                display_name=changed.display_name,
                locale=changed.locale,
                time_zone=changed.time_zone,
                revision=changed.revision + 1,
            )
        )
        return done.rowcount == 1


def _member(row: Row[str, str, str, str, datetime, datetime | None]) -> Membership:
    person_id, email, name, role, create_time, disable_time = row
    return Membership(Person(person_id, email, name), Role(role), create_time, disable_time)


_MEMBERS = select(
    person.c.id,
    person.c.email,
    person.c.display_name,
    membership.c.role,
    membership.c.create_time,
    membership.c.disable_time,
).join(membership, membership.c.person_id == person.c.id)
_TENANT = select(
    tenant.c.id,
    tenant.c.slug,
    tenant.c.display_name,
    tenant.c.locale,
    tenant.c.time_zone,
    tenant.c.revision,
)
