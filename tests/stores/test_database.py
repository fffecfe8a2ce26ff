import asyncio

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from hubkit.config import DatabaseSettings
from hubkit.core.errors import Busy, DeadlineExceeded, Unavailable
from hubkit.core.ids import new_id
from hubkit.sql.database import Database
from hubkit.testing.postgres import FreshDatabase
from tests.stores.queues import DOCUMENT, fetch

TENANT = "SELECT current_setting('app.tenant', true)"


async def test_tenant_never_outlives_its_transaction(fresh_database: FreshDatabase) -> None:
    tenants = [new_id() for _ in range(40)]
    async with Database.open(fresh_database.settings(DOCUMENT, pool_size=3)) as database:

        async def see(tenant_id: str | None) -> str:
            async with database.transaction(tenant_id) as connection:
                await connection.execute(text("SELECT pg_sleep(0.002)"))
                return str(await connection.scalar(text(TENANT)))

        seen = await asyncio.gather(*(see(tenant) for tenant in tenants))
        assert seen == tenants
        assert await see(None) == ""


async def test_block_that_raises_or_is_cancelled_leaves_no_change(
    fresh_database: FreshDatabase,
) -> None:
    enqueue = text("SELECT bus.enqueue('test.gone', :t, gen_random_uuid(), '', NULL, '0')")
    tenant = new_id()
    async with Database.open(fresh_database.settings(DOCUMENT, pool_size=1)) as database:

        async def change() -> None:
            async with database.transaction(tenant) as connection:
                await connection.execute(enqueue, {"t": tenant})
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await change()
        async with database.transaction(tenant) as connection:  # and the connection is free again
            count = text(
                "SELECT count(*) FROM document.pgqueuer WHERE entrypoint LIKE 'test.gone/%'"
            )
            assert await connection.scalar(count) == 0


async def test_pool_has_a_hard_limit_and_says_when_it_is_reached(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubkit.sql.database._POOL_WAIT_S", 0.2)
    settings = fresh_database.settings(DOCUMENT, pool_size=2)
    async with Database.open(settings) as database:
        async with database.transaction(None), database.transaction(None):
            with pytest.raises(Busy, match="in use") as caught:
                async with database.transaction(None):
                    pass
        assert caught.value.retry_after_s == 1
        async with database.transaction(None):
            pass
        (row,) = await fetch(
            fresh_database,
            "postgres",
            "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND datname = $2",
            DOCUMENT,
            fresh_database.name,
        )
        assert row["count"] <= 2


async def test_slow_statement_ends_at_the_deadline(fresh_database: FreshDatabase) -> None:
    settings = fresh_database.settings(DOCUMENT, statement_timeout_ms=100)
    async with Database.open(settings) as database:
        with pytest.raises(DeadlineExceeded):
            async with database.transaction(None) as connection:
                await connection.execute(text("SELECT pg_sleep(10)"))
        async with database.transaction(None) as connection:
            assert await connection.scalar(text("SELECT 1")) == 1


async def test_lost_connections_are_replaced_unseen(fresh_database: FreshDatabase) -> None:
    async with Database.open(fresh_database.settings(DOCUMENT, pool_size=3)) as database:
        async with database.transaction(None), database.transaction(None):
            pass
        kill = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND usename = $1"
        )
        await fetch(fresh_database, "postgres", kill, DOCUMENT)
        async with database.transaction(None) as connection:
            assert await connection.scalar(text("SELECT 1")) == 1

        async def break_in_the_middle() -> None:
            async with database.transaction(None) as connection:
                await fetch(fresh_database, "postgres", kill, DOCUMENT)
                await connection.scalar(text("SELECT 1"))

        with pytest.raises(Unavailable):  # nobody knows what has happened before
            await break_in_the_middle()


async def test_server_that_is_away_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hubkit.sql.database._RECONNECT_S", 0.2)
    dsn = SecretStr("postgresql://somebody:secret@127.0.0.1:1/nowhere")
    async with Database.open(DatabaseSettings(dsn=dsn)) as database:
        with pytest.raises(Unavailable) as caught:
            async with database.transaction(None):
                pass
        assert "secret" not in str(caught.value)
        with pytest.raises(Unavailable):
            async with database.raw():
                pass


async def test_broken_constraint_is_the_stores_to_name(fresh_database: FreshDatabase) -> None:
    twice = text(
        "INSERT INTO bus.subscription VALUES ('document', 'test.c'), ('document', 'test.c')"
    )
    async with (
        Database.open(fresh_database.settings("dochub_owner")) as database,
        database.transaction(None) as connection,
    ):
        with pytest.raises(IntegrityError):
            await connection.execute(twice)


async def test_deadlock_asks_to_try_again(fresh_database: FreshDatabase) -> None:
    lock = text("SELECT pg_advisory_xact_lock(:key)")
    both_hold = asyncio.Barrier(2)
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:

        async def take(first: int, second: int) -> None:
            async with database.transaction(None) as connection:
                await connection.execute(lock, {"key": first})
                await both_hold.wait()
                await connection.execute(lock, {"key": second})

        outcomes = await asyncio.gather(take(1, 2), take(2, 1), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes if outcome] == [Unavailable]


async def test_migration_under_way_costs_one_try_at_most(fresh_database: FreshDatabase) -> None:
    async with (
        Database.open(fresh_database.settings("dochub_owner", pool_size=1)) as database,
        database.transaction(None) as connection,
    ):
        await connection.execute(text("CREATE TABLE identity.outdated (a int)"))
    async with Database.open(fresh_database.settings("dochub_identity", pool_size=1)) as database:

        async def read() -> None:
            async with database.transaction(None) as connection:
                await connection.execute(text("SELECT * FROM identity.outdated"))

        await read()
        await fetch(
            fresh_database, "dochub_owner", "ALTER TABLE identity.outdated ADD COLUMN b text"
        )
        with pytest.raises(Unavailable):
            await read()
        await read()
        await fetch(fresh_database, "dochub_owner", "DROP TABLE identity.outdated")
        with pytest.raises(DBAPIError):  # a table that is missing is a bug
            await read()
