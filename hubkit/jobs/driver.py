"""PgQueuer's way to the database, made to outlive a restart of the server.

A statement whose connection broke is sent again once the server is back: each of PgQueuer's may run
twice. Jobs in hand go on meanwhile; without this the worker would end, and they with it.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, Self, TypeVar

import asyncpg
from pgqueuer.adapters.drivers.asyncpg import AsyncpgPoolDriver, Relay
from pgqueuer.ports.driver import NotifyCallback
from sqlalchemy.engine import URL

from hubkit.sql.database import connect
from hubkit.sql.errors import is_gone

CONNECTIONS: Final = 3
"""How many a worker holds: two for statements, one that listens."""

_PAUSE_S: Final = 0.25
_STATEMENT_TIMEOUT_S: Final = 30.0

T = TypeVar("T")


class PatientDriver(AsyncpgPoolDriver):
    """Runs statements on a small pool and listens on a connection of its own."""

    def __init__(self, pool: "asyncpg.Pool[asyncpg.Record]", url: URL) -> None:
        super().__init__(pool)
        self._url = url
        self._listeners: list[tuple[str, NotifyCallback]] = []
        self._ear: asyncpg.Connection[asyncpg.Record] | None = None
        self._relisten: asyncio.Task[None] | None = None
        self._is_closing = False

    @classmethod
    @asynccontextmanager
    async def open(cls, url: URL) -> AsyncIterator[Self]:
        """Hold the connections for the length of the block; waits for a server that is away."""
        pool = asyncpg.create_pool(
            url.set(drivername="postgresql").render_as_string(hide_password=False),
            min_size=0,
            max_size=CONNECTIONS - 1,
            command_timeout=_STATEMENT_TIMEOUT_S,
            server_settings={"application_name": f"{url.username} worker", "jit": "off"},
        )
        async with pool:
            driver = cls(pool, url)
            try:
                yield driver
            finally:
                await driver.close()

    async def close(self) -> None:
        """Wait for nothing any more."""
        self._is_closing = True
        if self._relisten is not None:
            self._relisten.cancel()
            await asyncio.gather(self._relisten, return_exceptions=True)
        if self._ear is not None:
            self._ear.terminate()

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run a query, again if the connection broke."""
        return await self._patiently(lambda: super(PatientDriver, self).fetch(query, *args))

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement, again if the connection broke."""
        return await self._patiently(lambda: super(PatientDriver, self).execute(query, *args))

    async def notify(self, channel: str, payload: str) -> None:
        """Send a notification, again if the connection broke."""
        await self._patiently(lambda: super(PatientDriver, self).notify(channel, payload))

    async def add_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Listen on a channel, also after the server has come back."""
        self._listeners.append((channel, callback))
        if self._ear is None:
            await self._listen()
        else:
            await self._ear.add_listener(channel, Relay(callback))

    async def remove_listener(self, channel: str, callback: NotifyCallback) -> None:
        """Stop passing a channel's notifications on."""
        self._listeners.remove((channel, callback))
        if self._ear is not None:
            await self._ear.remove_listener(channel, Relay(callback))

    async def __aexit__(self, *_: object) -> None:
        """Leave the connections to `open`."""

    async def _listen(self) -> None:
        ear = await self._patiently(lambda: connect(self._url))
        for channel, callback in self._listeners:
            await ear.add_listener(channel, Relay(callback))
        ear.add_termination_listener(self._on_deaf)
        self._ear = ear

    def _on_deaf(self, _: object) -> None:
        """Listen anew; what was said meanwhile the worker finds by looking every few seconds."""
        if not self._is_closing:
            self._relisten = asyncio.create_task(self._patiently(self._listen))

    async def _patiently(self, call: Callable[[], Awaitable[T]]) -> T:
        while True:
            try:
                return await call()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                if self._is_closing or not is_gone(error):
                    raise
                await asyncio.sleep(_PAUSE_S)
