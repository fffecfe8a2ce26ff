import asyncio

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from hubkit.core.errors import PreconditionFailed
from hubkit.sql import migrate
from hubkit.sql.database import Database
from hubkit.sql.embedded import OWNER
from hubkit.testing.postgres import SERVICE_ROLES, Cluster, FreshDatabase


def test_migrations_lead_to_the_tables_the_services_declare(migrated: FreshDatabase) -> None:
    def compare(connection: Connection) -> None:
        config = migrate.alembic_config(connection)
        config.attributes["compares"] = True
        command.check(config)

    async def run() -> None:
        url = make_url(migrated.dsn(OWNER)).set(drivername="postgresql+asyncpg")
        engine = create_async_engine(url)
        async with engine.connect() as connection:
            await connection.run_sync(compare)
        await engine.dispose()

    asyncio.run(run())


def test_migrations_are_one_line() -> None:
    scripts = ScriptDirectory(str(migrate.MIGRATIONS))
    revisions = [script.revision for script in scripts.walk_revisions()]
    assert revisions == sorted(revisions, reverse=True)
    assert len(scripts.get_heads()) == 1


def test_migrating_again_changes_nothing_and_sets_passwords(
    cluster: Cluster, migrated: FreshDatabase
) -> None:
    passwords = {role: cluster.server.password(role) for role in SERVICE_ROLES}

    async def run() -> None:
        # Two at once: the second waits for the first, and finds nothing to do.
        await asyncio.gather(*(migrate.upgrade(migrated.dsn(OWNER), passwords) for _ in range(2)))
        async with Database.open(migrated.settings("dochub_identity")) as database:
            await migrate.check_current(database)

    asyncio.run(run())


def test_service_refuses_an_older_schema_and_takes_a_newer_one(cluster: Cluster) -> None:
    database = cluster.fresh_database()

    async def stand_at(version: str) -> None:
        await _execute(
            database.dsn("postgres"), "UPDATE alembic_version SET version_num = $1", version
        )
        async with Database.open(database.settings("dochub_document")) as opened:
            await migrate.check_current(opened)

    with pytest.raises(PreconditionFailed, match=r"at migration 0001.*run `dochub migrate`"):
        asyncio.run(stand_at("0001"))
    asyncio.run(stand_at("9999"))


def test_service_refuses_an_empty_database(cluster: Cluster) -> None:
    cluster.run("CREATE DATABASE never_migrated OWNER dochub_owner")
    database = FreshDatabase(cluster.server, "never_migrated")

    async def check() -> None:
        async with Database.open(database.settings("dochub_document")) as opened:
            await migrate.check_current(opened)

    with pytest.raises(PreconditionFailed, match="at migration none"):
        asyncio.run(check())


async def _execute(dsn: str, statement: str, *args: object) -> None:
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(statement, *args)
    finally:
        await connection.close()
