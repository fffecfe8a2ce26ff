"""Tokens that no longer count, of all tenants."""

from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from hubkit.server.revocations import Revocation

_READ = text("SELECT * FROM identity.read_revocations(:since)")


class SqlRevocations:
    """Revocations on a connection."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def read(self, since: datetime) -> tuple[Revocation, ...]:
        """Give what was revoked after a time."""
        rows = (await self._connection.execute(_READ, {"since": since})).all()
        return tuple(
            Revocation(_text(row.session_id), _text(row.tenant_id), _text(row.person_id), row.epoch)
            for row in rows
        )


def _text(found: object) -> str | None:
    return None if found is None else str(found)
