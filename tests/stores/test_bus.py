import asyncio

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from hubkit.core.errors import Stale
from hubkit.core.ids import new_id
from hubkit.jobs.bus import Event, Work, enqueue, publish
from hubkit.jobs.events import last_seq, read_events
from hubkit.sql.database import Database
from hubkit.testing.postgres import FreshDatabase
from tests.stores.queues import DOCUMENT, fetch, subscribe


def told(tenant_id: str, kind: str = "document.changed", payload: bytes = b"\x0a\x01x") -> Event:
    return Event(new_id(), tenant_id, kind, 1, payload)


async def test_event_and_jobs_come_with_the_change_or_not_at_all(
    fresh_database: FreshDatabase,
) -> None:
    await subscribe(fresh_database, "identity", "test.together")
    await subscribe(fresh_database, "document", "test.together")
    tenant = new_id()
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:

        async def change(fails: bool) -> None:
            async with database.transaction(tenant) as connection:
                await publish(connection, told(tenant, "test.together"))
                await enqueue(connection, Work("test.work", tenant, b"w"))
                if fails:
                    raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await change(fails=True)
        assert await _jobs(fresh_database, tenant) == []
        async with database.transaction(tenant) as connection:
            assert await read_events(connection, 0) == []
        await change(fails=False)
        async with database.transaction(tenant) as connection:
            assert len(await read_events(connection, 0)) == 1
    assert await _jobs(fresh_database, tenant) == [
        ("document", "test.together"),
        ("document", "test.work"),
        ("identity", "test.together"),
    ]


async def test_event_told_twice_is_stored_and_delivered_once(fresh_database: FreshDatabase) -> None:
    await subscribe(fresh_database, "document", "test.twice")
    event = told(new_id(), "test.twice")
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:
        numbers = []
        for _ in range(2):
            async with database.transaction(event.tenant_id) as connection:
                numbers.append(await publish(connection, event))
        async with database.transaction(event.tenant_id) as connection:
            stored = await read_events(connection, 0)
            assert await last_seq(connection) == 1
    assert numbers == [1, 1]
    assert [(found.id, found.payload) for found in stored] == [(event.id, event.payload)]
    assert await _jobs(fresh_database, event.tenant_id) == [("document", "test.twice")]


@pytest.mark.parametrize("acting", [None, new_id()], ids=["nobody", "another"])
async def test_nobody_tells_or_orders_for_another_tenant(
    fresh_database: FreshDatabase, acting: str | None
) -> None:
    victim = new_id()
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:
        with pytest.raises(DBAPIError, match="not the one of this transaction"):
            async with database.transaction(acting) as connection:
                await publish(connection, told(victim))
        with pytest.raises(DBAPIError, match="not the one of this transaction"):
            async with database.transaction(acting) as connection:
                await enqueue(connection, Work("test.work", victim, b""))


async def test_tenant_reads_its_own_events_alone(fresh_database: FreshDatabase) -> None:
    mine, other = new_id(), new_id()
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:
        for tenant in (mine, other):
            async with database.transaction(tenant) as connection:
                await publish(connection, told(tenant))
        async with database.transaction(mine) as connection:
            assert {event.tenant_id for event in await read_events(connection, 0)} == {mine}
            assert await read_events(connection, 0, ["another.type"]) == []
        async with database.transaction(None) as connection:
            assert await read_events(connection, 0) == []


async def test_work_of_one_key_waits_once_for_each_tenant(fresh_database: FreshDatabase) -> None:
    first, second = new_id(), new_id()
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:
        answers = []
        for tenant in (first, first, second):
            async with database.transaction(tenant) as connection:
                answers.append(await enqueue(connection, Work("test.key", tenant, b"", "same")))
    assert answers == [True, False, True]


async def test_reader_that_follows_the_numbers_misses_no_event(
    fresh_database: FreshDatabase,
) -> None:
    publishers, each = 20, 10
    tenant = new_id()
    settings = fresh_database.settings(
        DOCUMENT, pool_size=publishers + 1, statement_timeout_ms=20000
    )
    async with Database.open(settings) as database:

        async def tell() -> None:
            for _ in range(each):
                async with database.transaction(tenant) as connection:
                    await publish(connection, told(tenant))
                    # A slow end of the transaction is what lets numbers overtake each other.
                    await connection.execute(text("SELECT pg_sleep(random() * 0.004)"))

        async def follow() -> list[int]:
            seen: list[int] = []
            while len(seen) < publishers * each:
                async with database.transaction(tenant) as connection:
                    page = await read_events(connection, seen[-1] if seen else 0)
                seen += [event.seq for event in page]
            return seen

        async with asyncio.timeout(60), asyncio.TaskGroup() as group:
            reader = group.create_task(follow())
            for _ in range(publishers):
                group.create_task(tell())
    assert reader.result() == list(range(1, publishers * each + 1))


async def test_events_past_their_retention_go_and_a_late_reader_is_told(
    fresh_database: FreshDatabase,
) -> None:
    tenant = new_id()
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:
        for _ in range(3):
            async with database.transaction(tenant) as connection:
                await publish(connection, told(tenant))
        await fetch(
            fresh_database,
            "postgres",
            "UPDATE bus.event SET created_at = now() - interval '91 days'"
            " WHERE tenant_id = $1 AND seq < 3",
            tenant,
        )
        async with database.transaction(tenant) as connection:
            await publish(connection, told(tenant))
        async with database.transaction(tenant) as connection:
            assert [event.seq for event in await read_events(connection, 2)] == [3, 4]
            with pytest.raises(Stale, match="no longer kept"):
                await read_events(connection, 1, ["a.type.nobody.told"])


async def _jobs(database: FreshDatabase, tenant_id: str) -> list[tuple[str, str]]:
    """Services and kinds of the jobs that wait for a tenant."""
    rows = await fetch(
        database,
        "postgres",
        "SELECT service, split_part(entrypoint, '/', 1) AS kind FROM ("
        " SELECT 'document' AS service, entrypoint, payload FROM document.pgqueuer UNION ALL"
        " SELECT 'identity', entrypoint, payload FROM identity.pgqueuer) jobs"
        " WHERE substring(payload FROM 17 FOR 16) = uuid_send($1::uuid) ORDER BY 1, 2",
        tenant_id,
    )
    return [(row["service"], row["kind"]) for row in rows]
