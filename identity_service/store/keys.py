"""API keys of a tenant."""

from datetime import datetime

from sqlalchemy import insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from identity_service.domain.keys import ApiKey
from identity_service.store.tables import api_key

_FIND = text("SELECT tenant_id, key_id FROM identity.find_api_key(:digest)")


class SqlApiKeys:
    """Keys on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find(self, digest: bytes) -> tuple[str, str] | None:
        """Give tenant and id of a key; works before a tenant is known."""
        row = (await self._connection.execute(_FIND, {"digest": digest})).one_or_none()
        return None if row is None else (str(row.tenant_id), str(row.key_id))

    async def add(self, tenant_id: str, key: ApiKey, digest: bytes) -> None:
        """Keep a new key."""
        await self._connection.execute(
            insert(api_key).values(
                id=key.id,
                tenant_id=tenant_id,
                digest=digest,
                prefix=key.prefix,
                display_name=key.display_name,
                scopes=list(key.scopes),
                creator_id=key.creator_id,
                create_time=key.create_time,
                expire_time=key.expire_time,
            )
        )

    async def get(self, key_id: str) -> ApiKey | None:
        """Give one."""
        found = await self._connection.execute(_KEYS.where(api_key.c.id == key_id))
        row = found.one_or_none()
        return None if row is None else ApiKey(*row[:3], tuple(row.scopes), *row[4:])

    async def before(self, key_id: str | None, limit: int) -> list[ApiKey]:
        """Give keys made before one, the newest first."""
        query = _KEYS.order_by(api_key.c.id.desc()).limit(limit)
        if key_id is not None:
            query = query.where(api_key.c.id < key_id)
        rows = (await self._connection.execute(query)).all()
        return [ApiKey(*row[:3], tuple(row.scopes), *row[4:]) for row in rows]

    async def note_use(self, key_id: str, now: datetime) -> None:
        """Remember that a key was used."""
        await self._connection.execute(
            update(api_key).where(api_key.c.id == key_id).values(last_use_time=now)
        )

    async def revoke(self, key_id: str, now: datetime) -> None:
        """Withdraw a key."""
        await self._connection.execute(
            update(api_key)
            .where(api_key.c.id == key_id, api_key.c.revoke_time.is_(None))
            .values(revoke_time=now)
        )


_KEYS = select(
    api_key.c.id,
    api_key.c.prefix,
    api_key.c.display_name,
    api_key.c.scopes,
    api_key.c.creator_id,
    api_key.c.create_time,
    api_key.c.expire_time,
    api_key.c.last_use_time,
    api_key.c.revoke_time,
)
