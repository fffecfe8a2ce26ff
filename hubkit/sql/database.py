"""Transactions that see one tenant: the only way into the database.

Row security compares `tenant_id` with `app.tenant`, which is set here for the length of one
transaction. A transaction without a tenant sees no tenant's rows.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final, Self

import asyncpg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hubkit.config import DatabaseSettings
from hubkit.sql.errors import is_gone, translated, unavailable

_POOL_WAIT_S: Final = 2.0
"""How long a call waits for a free connection before it is told that the service is busy."""
_RECONNECT_S: Final = 3.0
"""How long a call waits for a server that is restarting before it fails."""
_RECONNECT_PAUSE_S: Final = 0.1
_CONNECT_TIMEOUT_S: Final = 5.0
_NETWORK_MARGIN_S: Final = 5.0
"""What a reply may take beyond the server's own time limit before the connection is given up."""

_SET_TENANT: Final = "SELECT set_config('app.tenant', $1, true)"


class Database:
    """A bounded pool of connections of one role; belongs to the event loop that opened it."""

    def __init__(self, engine: AsyncEngine, url: URL) -> None:
        self._engine = engine
        self._url = url

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: DatabaseSettings) -> AsyncIterator[Self]:
        """Hold a pool for the length of the block; nothing is connected before it is needed."""
        url = make_url(settings.dsn.get_secret_value())
        timeout_ms = settings.statement_timeout_ms
        engine = create_async_engine(
            url.set(drivername="postgresql+asyncpg"),
            pool_size=settings.pool_size,
            max_overflow=0,
            pool_timeout=_POOL_WAIT_S,
            connect_args={
                "timeout": _CONNECT_TIMEOUT_S,
                "command_timeout": timeout_ms / 1000 + _NETWORK_MARGIN_S,
                "server_settings": {
                    "application_name": str(url.username),
                    "statement_timeout": str(timeout_ms),
                    "idle_in_transaction_session_timeout": "60000",
                    # Compiling pays for long reports only; here it makes short queries slower.
                    "jit": "off",
                },
            },
        )
        try:
            yield cls(engine, url)
        finally:
            await engine.dispose()

    @asynccontextmanager
    async def transaction(self, tenant_id: str | None) -> AsyncIterator[AsyncConnection]:
        """Run the block in one transaction, committed at its end, rolled back if it raises.

        Args:
            tenant_id: Whose rows are visible; None for nobody's.

        Raises:
            Unavailable: The database does not answer.
            Busy: Every connection is in use.
            DeadlineExceeded: A statement took too long.
        """
        with translated():
            async with AsyncExitStack() as stack:
                yield await self._begin(stack, tenant_id or "")

    async def _begin(self, stack: AsyncExitStack, tenant_id: str) -> AsyncConnection:
        """Begin a transaction on a connection that is alive.

        The first statement shows whether a pooled connection outlived a restart of the server;
        nothing has happened yet, so trying again is safe.
        """
        deadline = asyncio.get_running_loop().time() + _RECONNECT_S
        while True:
            try:
                async with AsyncExitStack() as attempt:
                    connection = await attempt.enter_async_context(self._engine.connect())
                    await attempt.enter_async_context(connection.begin())
                    await connection.exec_driver_sql(_SET_TENANT, (tenant_id,))
                    await stack.enter_async_context(attempt.pop_all())
                    return connection
            except (DBAPIError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
                if not is_gone(error):
                    raise
                if asyncio.get_running_loop().time() > deadline:
                    raise unavailable() from error
                if not (isinstance(error, DBAPIError) and error.connection_invalidated):
                    await asyncio.sleep(_RECONNECT_PAUSE_S)

    @asynccontextmanager
    async def raw(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        """Lend a connection of its own, outside the pool, for LISTEN."""
        with translated():
            try:
                connection = await connect(self._url)
            except OSError as error:
                raise unavailable() from error
            try:
                yield connection
            finally:
                connection.terminate()


async def connect(url: URL) -> "asyncpg.Connection[asyncpg.Record]":
    """Open one connection of the driver's own; the caller closes it."""
    return await asyncpg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False),
        timeout=_CONNECT_TIMEOUT_S,
        server_settings={"application_name": f"{url.username} listener", "jit": "off"},
    )
