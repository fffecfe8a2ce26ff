"""Real PostgreSQL for tests: one server a session, one migrated database a test module.

A `conftest.py` imports the fixtures: `from hubkit.testing.postgres import cluster, fresh_database`.
"""

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final, Self

import asyncpg
import pytest
from pydantic import SecretStr

from hubkit.config import DatabaseSettings
from hubkit.sql import migrate
from hubkit.sql.embedded import DATABASE, OWNER, STOP_SIGNAL, EmbeddedPostgres

SERVICE_ROLES: Final = ("dochub_identity", "dochub_document")

OTHER_SERVER: Final = "DOCHUB_TEST_POSTGRES"
"""Names the directory of another PostgreSQL's programs to test with, instead of the wheel's."""

_TEST_OPTIONS: Final = {
    # A test's data need not outlive the machine; they do outlive a killed server.
    "fsync": "off",
    "shared_buffers": "32MB",
    "max_connections": "200",
}


class FreshDatabase:
    """A migrated, empty database of a test's own.

    Attributes:
        name: The database's name.
    """

    def __init__(self, server: EmbeddedPostgres, name: str) -> None:
        self._server = server
        self.name = name

    def dsn(self, role: str) -> str:
        """Give the address for a role, such as `dochub_document`, `dochub_owner`, `postgres`."""
        return self._server.dsn(role, self.name)

    def settings(self, role: str, **changes: int) -> DatabaseSettings:
        """Give a service's settings for this database."""
        return DatabaseSettings(dsn=SecretStr(self.dsn(role)), **changes)


class Cluster:
    """A running server in a directory of its own; `with` stops it and takes everything away.

    Args:
        options: Server parameters over the tests' own.
    """

    def __init__(self, options: Mapping[str, str] | None = None) -> None:
        # Not pytest's own directory: that is closed to other accounts, and the path is long.
        self._dir = Path(tempfile.mkdtemp(prefix="dochub-pg-"))
        settings = {**_TEST_OPTIONS, **(options or {})}
        other = os.environ.get(OTHER_SERVER)
        binaries = Path(other) if other else None
        self.server = EmbeddedPostgres(self._dir, binaries=binaries, options=settings)
        self._count = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._has_template = False

    def __enter__(self) -> Self:
        try:
            self.server.prepare()
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._dir)

    @property
    def log(self) -> Path:
        """What the server has to say."""
        return self._dir / "postgres.log"

    def start(self) -> None:
        """Run the server and wait until it takes connections."""
        self.launch()
        asyncio.run(self.server.wait_ready())

    def launch(self) -> None:
        """Run the server."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - the program is PostgreSQL's own
                self.server.command(),
                stdout=log,
                stderr=log,
                env=self.server.environment,
                user=self.server.user,
                group=self.server.user,
                extra_groups=[] if self.server.user else None,
                cwd="/",
            )

    @property
    def process(self) -> "subprocess.Popen[bytes]":
        """The postmaster."""
        if self._process is None:
            raise RuntimeError("the server was not started")
        return self._process

    def stop(self) -> None:
        """End the server in good order."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(STOP_SIGNAL)
            self._process.wait(30)

    def fresh_database(self) -> FreshDatabase:
        """Make a database by copying the migrated one."""
        if not self._has_template:
            passwords = {role: self.server.password(role) for role in SERVICE_ROLES}
            asyncio.run(migrate.upgrade(self.server.dsn(OWNER), passwords))
            self._has_template = True
        self._count += 1
        name = f"test_{os.getpid()}_{self._count}"
        self.run(f"CREATE DATABASE {name} TEMPLATE {DATABASE} OWNER {OWNER}")
        # A copy has no rights of its own yet.
        self.run(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")
        for role in SERVICE_ROLES:
            self.run(f"GRANT CONNECT ON DATABASE {name} TO {role}")
        return FreshDatabase(self.server, name)

    def run(self, statement: str) -> None:
        """Execute one statement as the superuser."""
        asyncio.run(self._run(statement))

    async def _run(self, statement: str) -> None:
        connection = await asyncpg.connect(self.server.admin_dsn)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """One server for the whole session."""
    with Cluster() as running:
        yield running


@pytest.fixture(scope="module")
def fresh_database(cluster: Cluster) -> FreshDatabase:
    """An empty migrated database for this module."""
    return cluster.fresh_database()
