"""People, tenants and members as their operator makes them, with the owner's rights."""

from datetime import datetime

from sqlalchemy import Boolean, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.domain.people import Person, Role, Tenant
from identity_service.domain.session import EndReason
from identity_service.store.tables import membership, person, session, tenant


class SqlRegistry:
    """The registry on a connection of the owner; adding what is there changes nothing."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def tenant(self, slug: str) -> Tenant | None:
        """Give the tenant of a slug."""
        found = await self._connection.execute(
            select(tenant.c.id, tenant.c.slug, tenant.c.display_name).where(tenant.c.slug == slug)
        )
        row = found.one_or_none()
        return None if row is None else Tenant(*row)

    async def person(self, email: str) -> Person | None:
        """Give the person of an e-mail address."""
        found = await self._connection.execute(
            select(person.c.id, person.c.email, person.c.display_name).where(
                person.c.email == email
            )
        )
        row = found.one_or_none()
        return None if row is None else Person(*row)

    async def add_tenant(self, new: Tenant) -> None:
        """Add a tenant unless its slug is taken."""
        await self._connection.execute(
            insert(tenant)
            .values(id=new.id, slug=new.slug, display_name=new.display_name, create_time=func.now())
            .on_conflict_do_nothing(index_elements=[tenant.c.slug])
        )

    async def add_person(self, new: Person, password_hash: str) -> bool:
        """Add a person unless the e-mail address is taken; tells whether it was done."""
        done = await self._connection.execute(
            insert(person)
            .values(
                id=new.id,
                email=new.email,
                display_name=new.display_name,
                password_hash=password_hash,
                password_time=func.now(),
                create_time=func.now(),
            )
            .on_conflict_do_nothing(index_elements=[person.c.email])
        )
        return done.rowcount == 1

    async def add_member(self, tenant_id: str, person_id: str, role: Role) -> bool:
        """Give a person a role in a tenant, over the one they had; tells whether they had none."""
        is_new: bool | None = await self._connection.scalar(
            insert(membership)
            .values(
                tenant_id=tenant_id, person_id=person_id, role=role.value, create_time=func.now()
            )
            .on_conflict_do_update(
                index_elements=[membership.c.tenant_id, membership.c.person_id],
                set_={"role": role.value},
            )
            # A row that was inserted, not updated, has no deleting transaction.
            .returning(literal_column("xmax = 0", Boolean))
        )
        return bool(is_new)

    async def set_password(self, person_id: str, password_hash: str) -> None:
        """Give a person another password."""
        await self._connection.execute(
            update(person)
            .where(person.c.id == person_id)
            .values(password_hash=password_hash, password_time=func.now())
        )

    async def set_disabled(self, person_id: str, disabled: bool) -> None:
        """Shut a person out everywhere, or let them in again."""
        await self._connection.execute(
            update(person)
            .where(person.c.id == person_id)
            .values(
                disable_time=func.coalesce(person.c.disable_time, func.now()) if disabled else None
            )
        )

    async def end_sessions(self, person_id: str, now: datetime) -> None:
        """End every session of a person."""
        await self._connection.execute(
            update(session)
            .where(session.c.person_id == person_id, session.c.end_time.is_(None))
            .values(end_time=now, end_reason=EndReason.SHUT_OUT.value)
        )
