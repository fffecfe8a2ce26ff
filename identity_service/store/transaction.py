"""One transaction's view of people, sessions and tries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncConnection

from hubkit.sql.database import Database
from identity_service.store.accounts import SqlAccounts
from identity_service.store.audit import SqlAudit
from identity_service.store.keys import SqlApiKeys
from identity_service.store.members import SqlMembers
from identity_service.store.revocations import SqlRevocations
from identity_service.store.sessions import SqlSessions
from identity_service.store.tries import SqlTries


class SqlUnit:
    """What one transaction sees."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.accounts = SqlAccounts(connection)
        self.sessions = SqlSessions(connection)
        self.tries = SqlTries(connection)
        self.revocations = SqlRevocations(connection)
        self.audit = SqlAudit(connection)
        self.api_keys = SqlApiKeys(connection)
        self.members = SqlMembers(connection)


class SqlStore:
    """Transactions in the database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @asynccontextmanager
    async def transaction(self, tenant_id: str | None) -> AsyncIterator[SqlUnit]:
        """Begin a transaction that sees one tenant, or none; committed unless it raises."""
        async with self._database.transaction(tenant_id) as connection:
            yield SqlUnit(connection)
