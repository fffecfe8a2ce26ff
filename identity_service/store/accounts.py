"""People and their places, as the service may see them."""

from datetime import datetime

from sqlalchemy import select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.domain.people import (
    Account,
    Member,
    Person,
    Role,
    SecondFactor,
    Tenant,
)
from identity_service.ports import Reset
from identity_service.store.tables import membership, person, tenant

_ADD_SECRET = text("SELECT * FROM identity.add_mail_secret(:email, :digest, :until)")
_USE_SECRET = text("SELECT * FROM identity.use_mail_secret(:digest, :hash, :now)")
_FIND_LOGIN = text("SELECT * FROM identity.find_login(:email)")


class SqlAccounts:
    """People and places on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_login(self, email: str) -> Account | None:
        """Give what is needed to let a person in; works before a tenant is known."""
        rows = (await self._connection.execute(_FIND_LOGIN, {"email": email})).all()
        if not rows:
            return None
        first = rows[0]
        who = Person(str(first.person_id), email, first.display_name)
        places = tuple(
            Member(
                who,
                Tenant(str(row.tenant_id), row.tenant_slug, row.tenant_name),
                Role(row.role),
                row.epoch,
            )
            for row in rows
            if row.tenant_id is not None
        )
        return Account(who, first.password_hash, first.password_time, first.is_disabled, places)

    async def member(self, person_id: str) -> Member | None:
        """Give a person's place in this tenant; None when person, place or tenant is closed."""
        found = await self._connection.execute(
            select(
                person.c.email,
                person.c.display_name,
                membership.c.role,
                membership.c.epoch,
                tenant.c.id,
                tenant.c.slug,
                tenant.c.display_name.label("tenant_name"),
            )
            .join(membership, membership.c.person_id == person.c.id)
            .join(tenant, tenant.c.id == membership.c.tenant_id)
            .where(
                person.c.id == person_id,
                person.c.disable_time.is_(None),
                membership.c.disable_time.is_(None),
                tenant.c.disable_time.is_(None),
            )
        )
        row = found.one_or_none()
        if row is None:
            return None
        return Member(
            Person(person_id, row.email, row.display_name),
            Tenant(row.id, row.slug, row.tenant_name),
            Role(row.role),
            row.epoch,
        )

    async def replace_hash(self, person_id: str, password_time: datetime, new_hash: str) -> None:
        """Keep the same password under another hash, unless it was changed meanwhile."""
        await self._connection.execute(
            update(person)
            .where(person.c.id == person_id, person.c.password_time == password_time)
            .values(password_hash=new_hash)
        )

    async def change_password(self, person_id: str, new_hash: str, now: datetime) -> None:
        """Give a member of this tenant another password."""
        await self._connection.execute(
            update(person)
            .where(person.c.id == person_id)
            .values(password_hash=new_hash, password_time=now)
        )

    async def second_factor(self, person_id: str) -> SecondFactor:
        """Give a member's authenticator and keep others waiting until the transaction ends."""
        found = await self._connection.execute(
            # An update of nothing, because the right to lock a row comes with that to change it.
            update(person)
            .where(person.c.id == person_id)
            .values(totp_step=person.c.totp_step)
            .returning(
                person.c.totp_secret,
                person.c.totp_time,
                person.c.totp_step,
                person.c.recovery_digests,
            )
        )
        row = found.one_or_none()
        if row is None:
            return SecondFactor()
        return SecondFactor(
            row.totp_secret, row.totp_time, row.totp_step, tuple(row.recovery_digests)
        )

    async def save_second_factor(self, person_id: str, factor: SecondFactor) -> None:
        """Keep a member's authenticator."""
        await self._connection.execute(
            update(person)
            .where(person.c.id == person_id)
            .values(
                totp_secret=factor.sealed_secret,
                totp_time=factor.confirm_time,
                totp_step=factor.last_step,
                recovery_digests=list(factor.recovery_digests),
            )
        )

    async def add_mail_secret(self, email: str, digest: bytes, until: datetime) -> Person | None:
        """Keep the digest of a link that is mailed; None when nobody may have one."""
        found = await self._connection.execute(
            _ADD_SECRET, {"email": email, "digest": digest, "until": until}
        )
        row = found.one_or_none()
        return None if row is None else Person(str(row.person_id), email, row.display_name)

    async def use_mail_secret(self, digest: bytes, new_hash: str, now: datetime) -> Reset | None:
        """Set a password by a link that was mailed; None when it is dead."""
        found = await self._connection.execute(
            _USE_SECRET, {"digest": digest, "hash": new_hash, "now": now}
        )
        rows = found.all()
        if not rows:
            return None
        return Reset(str(rows[0].person_id), tuple(str(row.tenant_id) for row in rows))
