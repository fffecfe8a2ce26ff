import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager, suppress

import pytest

from hubkit.core.errors import Busy
from hubkit.core.ids import new_id
from hubkit.jobs import feed as feeds
from hubkit.jobs.bus import Event, publish
from hubkit.jobs.events import StoredEvent
from hubkit.jobs.feed import EventFeed
from hubkit.sql.database import Database
from hubkit.testing.postgres import FreshDatabase
from tests.stores.queues import DOCUMENT, fetch


class Bench:
    """A database, its feed, and a hand that tells events."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.feed = EventFeed(database)

    async def tell(self, tenant_id: str, count: int = 1, kind: str = "test.told") -> None:
        async with self.database.transaction(tenant_id) as connection:
            for _ in range(count):
                await publish(connection, Event(new_id(), tenant_id, kind, 1, b""))


@asynccontextmanager
async def bench(fresh_database: FreshDatabase) -> AsyncIterator[Bench]:
    async with Database.open(fresh_database.settings(DOCUMENT)) as database:
        own = Bench(database)
        run = asyncio.create_task(own.feed.run())
        async with asyncio.timeout(30):
            yield own
        run.cancel()
        with suppress(asyncio.CancelledError):
            await run


async def take(events: AsyncIterator[StoredEvent], count: int) -> list[int]:
    return [(await anext(events)).seq for _ in range(count)]


async def test_watcher_resumes_and_goes_on_without_a_gap(fresh_database: FreshDatabase) -> None:
    tenant = new_id()
    async with bench(fresh_database) as own:
        await own.tell(tenant, 250)
        async with aclosing(own.feed.watch(tenant, after_seq=3)) as events:
            assert await take(events, 200) == list(range(4, 204))
            await own.tell(tenant, 5)
            assert await take(events, 52) == list(range(204, 256))
            await own.tell(tenant)
            assert await take(events, 1) == [256]


async def test_watcher_gets_its_tenants_news_of_its_types_alone(
    fresh_database: FreshDatabase,
) -> None:
    tenant, other = new_id(), new_id()
    async with bench(fresh_database) as own:
        await own.tell(tenant)
        async with aclosing(own.feed.watch(tenant, types=["test.wanted"])) as events:
            first = asyncio.create_task(take(events, 1))
            await _watched(own.feed, tenant)
            await own.tell(other, kind="test.wanted")
            await own.tell(tenant, kind="test.unwanted")
            await own.tell(tenant, kind="test.wanted")
            assert await first == [3]


async def test_watcher_that_does_not_keep_up_is_told_to_resume(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "QUEUE_MAX", 10)
    tenant = new_id()
    async with bench(fresh_database) as own:
        await own.tell(tenant)
        slow = own.feed.watch(tenant, after_seq=0)
        async with aclosing(slow), aclosing(own.feed.watch(tenant, after_seq=0)) as quick:
            assert await take(slow, 1) == await take(quick, 1) == [1]
            for number in range(2, 14):
                await own.tell(tenant)
                assert await take(quick, 1) == [number]
            assert await take(slow, 10) == list(range(2, 12))
            with pytest.raises(Busy, match="resume"):
                await anext(slow)
        async with aclosing(own.feed.watch(tenant, after_seq=11)) as resumed:
            assert await take(resumed, 2) == [12, 13]


async def test_lost_connection_loses_no_event(fresh_database: FreshDatabase) -> None:
    tenant = new_id()
    async with (
        bench(fresh_database) as own,
        aclosing(own.feed.watch(tenant, after_seq=0)) as events,
    ):
        await own.tell(tenant)
        assert await take(events, 1) == [1]
        await fetch(
            fresh_database,
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name LIKE '%listener'",
        )
        await own.tell(tenant)
        assert await take(events, 1) == [2]


async def test_nothing_is_kept_of_a_watcher_that_left(fresh_database: FreshDatabase) -> None:
    tenant = new_id()
    async with bench(fresh_database) as own:
        async with aclosing(own.feed.watch(tenant, after_seq=0)) as events:
            await own.tell(tenant)
            assert await take(events, 1) == [1]
        assert own.feed.watched() == frozenset()


async def _watched(feed: EventFeed, tenant_id: str) -> None:
    while tenant_id not in feed.watched():  # noqa: ASYNC110 - nobody is told who joins
        await asyncio.sleep(0)
