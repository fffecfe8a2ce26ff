import asyncio
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from hubkit.core import retry
from hubkit.core.caller import Caller, current_caller
from hubkit.core.errors import Busy, Unavailable
from hubkit.core.ids import new_id
from hubkit.jobs.bus import Event, Work, enqueue, publish
from hubkit.jobs.delivery import Delivery
from hubkit.jobs.driver import CONNECTIONS
from hubkit.jobs.worker import MAX_FAILURES, Worker
from hubkit.sql.database import Database
from hubkit.testing.postgres import Cluster, FreshDatabase
from tests.stores.queues import DOCUMENT, fetch, running, subscribe


@pytest.fixture
def quick_retries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_DELAY_S", 0.01)
    monkeypatch.setattr(retry, "LONGEST_DELAY_S", 0.05)


async def queue(database: FreshDatabase, *works: Work) -> None:
    async with Database.open(database.settings(DOCUMENT, statement_timeout_ms=20000)) as own:
        for work in works:
            async with own.transaction(work.tenant_id) as connection:
                assert await enqueue(connection, work)


async def test_consumer_gets_the_event_as_the_tenants_service(
    fresh_database: FreshDatabase,
) -> None:
    await subscribe(fresh_database, "document", "test.delivered")
    event = Event(new_id(), new_id(), "test.delivered", 3, b"\x0a\x01x")
    got: asyncio.Queue[tuple[Delivery, Caller]] = asyncio.Queue()

    async def handle(delivery: Delivery) -> None:
        got.put_nowait((delivery, current_caller()))

    worker = Worker(fresh_database.settings(DOCUMENT), "document", {"test.delivered": handle})
    async with running(worker), asyncio.timeout(20):
        async with (
            Database.open(fresh_database.settings("dochub_identity")) as database,
            database.transaction(event.tenant_id) as connection,
        ):
            await publish(connection, event)
        delivery, caller = await got.get()
        held = await fetch(
            fresh_database,
            "postgres",
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND application_name SIMILAR TO 'dochub_document (worker|listener)'",
        )
    assert delivery == Delivery(event.id, event.type, event.tenant_id, 3, event.payload, 1)
    assert held[0][0] <= CONNECTIONS
    assert (caller.tenant_id, caller.service, caller.person_id) == (
        event.tenant_id,
        "document",
        None,
    )


@pytest.mark.usefixtures("quick_retries")
async def test_job_that_always_fails_is_given_up_and_kept(fresh_database: FreshDatabase) -> None:
    starts: list[int] = []
    deaths: list[tuple[int, str]] = []
    is_told = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        starts.append(delivery.starts)
        raise ValueError("of no use")

    async def on_dead(delivery: Delivery, error: Exception) -> None:
        deaths.append((delivery.starts, str(error)))
        if len(deaths) < 3:
            raise Unavailable("nobody there to be told")
        is_told.set()

    tenant = new_id()
    await queue(fresh_database, Work("test.fails", tenant, b"", "key"))
    worker = Worker(
        fresh_database.settings(DOCUMENT), "document", {"test.fails": handle}, on_dead=on_dead
    )
    async with running(worker), asyncio.timeout(30):
        await is_told.wait()
    assert starts == list(range(1, MAX_FAILURES + 1))
    assert deaths[0] == (MAX_FAILURES, "of no use")
    assert len(deaths) == 3
    parked = await fetch(
        fresh_database,
        DOCUMENT,
        "SELECT status::text FROM document.pgqueuer WHERE entrypoint LIKE 'test.fails/%'",
    )
    assert [row["status"] for row in parked] == ["failed"]
    await queue(fresh_database, Work("test.fails", tenant, b"", "key"))  # its key is free again


@pytest.mark.usefixtures("quick_retries")
async def test_parts_that_are_away_use_up_no_try(fresh_database: FreshDatabase) -> None:
    failures: list[Exception] = [Unavailable("away"), Busy("too much")] * MAX_FAILURES
    failures.append(ExceptionGroup("two at once", [Unavailable("one"), Unavailable("other")]))
    failures += [ValueError()] * (MAX_FAILURES - 1)
    is_done = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        if failures:
            raise failures.pop(0)
        is_done.set()

    await queue(fresh_database, Work("test.away", new_id(), b""))
    worker = Worker(fresh_database.settings(DOCUMENT), "document", {"test.away": handle})
    async with running(worker), asyncio.timeout(60):
        await is_done.wait()


async def test_thousand_jobs_of_one_tenant_hold_up_no_other(fresh_database: FreshDatabase) -> None:
    many, one = new_id(), new_id()
    in_flight = 0
    most = 0
    done: asyncio.Queue[int] = asyncio.Queue()
    has_begun, is_served = asyncio.Event(), asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        nonlocal in_flight, most
        if delivery.tenant_id == one:
            is_served.set()
            return
        in_flight += 1
        most = max(most, in_flight)
        has_begun.set()
        await asyncio.sleep(0.05)  # stands for the work; nothing is waited for
        in_flight -= 1
        done.put_nowait(int.from_bytes(delivery.payload))

    settings = fresh_database.settings(DOCUMENT)
    works = [Work("test.fair", many, number.to_bytes(2)) for number in range(1000)]
    began = time.monotonic()
    await queue(fresh_database, *works)
    print(f"enqueued in {(time.monotonic() - began):.2f} ms each")
    workers = [Worker(settings, "document", {"test.fair": handle}, slots=4) for _ in range(2)]
    async with running(*workers), asyncio.timeout(60):
        await has_begun.wait()
        asked = time.monotonic()
        await queue(fresh_database, Work("test.fair", one, b""))
        await is_served.wait()
        delay_s = time.monotonic() - asked
        order = [await done.get() for _ in range(20)]
    print(f"served after {delay_s:.3f} s, {most} in flight, first {order[:6]}")
    assert delay_s < 2
    assert most == 2
    assert all(abs(number - place) <= 2 for place, number in enumerate(order)), "not in order"
    await fetch(fresh_database, DOCUMENT, "DELETE FROM document.pgqueuer")


async def test_newer_jobs_never_overtake_a_tenants_older_ones(
    fresh_database: FreshDatabase,
) -> None:
    busy, other = new_id(), new_id()
    await fetch(fresh_database, DOCUMENT, "DELETE FROM document.pgqueuer")
    works = [Work("test.order", busy, b"") for _ in range(3)]
    await queue(fresh_database, *works)
    await fetch(
        fresh_database,
        DOCUMENT,
        "DELETE FROM document.pgqueuer WHERE entrypoint LIKE 'test.order/%' AND priority = 0",
    )
    await queue(fresh_database, works[0], Work("test.order", other, b""))
    rows = await fetch(
        fresh_database,
        DOCUMENT,
        "SELECT substring(payload FROM 17 FOR 16) = uuid_send($1::uuid) AS is_busy, priority"
        " FROM document.pgqueuer WHERE entrypoint LIKE 'test.order/%' ORDER BY id",
        busy,
    )
    # The other tenant's first stands beside the job that is next, not before all that wait.
    assert [(row["is_busy"], row["priority"]) for row in rows] == [
        (True, -1),
        (True, -2),
        (True, -3),
        (False, -1),
    ]


async def test_worker_that_stops_puts_its_jobs_back(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hubkit.jobs.worker._GRACE_S", 0.2)
    starts: asyncio.Queue[int] = asyncio.Queue()

    async def hang(delivery: Delivery) -> None:
        starts.put_nowait(delivery.starts)
        await asyncio.Event().wait()

    settings = fresh_database.settings(DOCUMENT)
    await queue(fresh_database, Work("test.stop", new_id(), b""))
    for expected in range(1, MAX_FAILURES + 3):  # more often than it may fail
        async with running(Worker(settings, "document", {"test.stop": hang})), asyncio.timeout(60):
            assert await starts.get() == expected


@asynccontextmanager
async def _doomed(
    database: FreshDatabase, kind: str, ending: str, lease_s: float
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A worker process, killed at the end of the block at the latest."""
    script = str(Path(__file__).with_name("doomed_worker.py"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, script, database.dsn(DOCUMENT), kind, ending, str(lease_s)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


async def _line(process: asyncio.subprocess.Process) -> str:
    assert process.stdout is not None
    async with asyncio.timeout(30):
        return (await process.stdout.readline()).decode().strip()


async def test_job_of_a_killed_worker_is_taken_up_within_20_s(
    fresh_database: FreshDatabase,
) -> None:
    taken: asyncio.Queue[int] = asyncio.Queue()

    async def handle(delivery: Delivery) -> None:
        taken.put_nowait(delivery.starts)

    await queue(fresh_database, Work("test.killed", new_id(), b""))
    async with _doomed(fresh_database, "test.killed", "hangs", 15) as process:
        assert await _line(process) == "start 1"
        process.kill()
        killed = time.monotonic()
        settings = fresh_database.settings(DOCUMENT)
        worker = Worker(settings, "document", {"test.killed": handle})
        async with running(worker), asyncio.timeout(30):
            assert await taken.get() == 2
    print(f"taken up after {time.monotonic() - killed:.1f} s")
    assert time.monotonic() - killed < 20


async def test_job_that_kills_its_worker_is_given_up(fresh_database: FreshDatabase) -> None:
    await queue(fresh_database, Work("test.killer", new_id(), b""))
    said = []
    for _ in range(MAX_FAILURES + 1):
        async with _doomed(fresh_database, "test.killer", "dies", 1) as process:
            said.append(await _line(process))
    assert said == [
        *(f"start {number}" for number in range(1, MAX_FAILURES + 1)),
        f"dead {MAX_FAILURES + 1} it failed or its worker died {MAX_FAILURES} times",
    ]


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that a test may kill."""
    with Cluster() as running_cluster:
        yield running_cluster


@pytest.fixture
def own_database(own_cluster: Cluster) -> FreshDatabase:
    return own_cluster.fresh_database()


async def test_worker_and_pool_outlive_a_killed_server(
    own_cluster: Cluster, own_database: FreshDatabase
) -> None:
    done: asyncio.Queue[str] = asyncio.Queue()
    is_free = asyncio.Event()

    async def handle(delivery: Delivery) -> None:
        if delivery.payload == b"long":
            done.put_nowait("begun")
            await is_free.wait()
        done.put_nowait(delivery.payload.decode())

    settings = own_database.settings(DOCUMENT)
    worker = Worker(settings, "document", {"test.restart": handle})
    async with Database.open(settings) as database, running(worker), asyncio.timeout(60):
        await queue(own_database, Work("test.restart", new_id(), b"long"))
        assert await done.get() == "begun"
        async with database.transaction(None):
            pass  # a connection for the pool to hold
        own_cluster.process.kill()
        own_cluster.process.wait()
        killed = time.monotonic()
        supervisor = asyncio.create_task(_restart(own_cluster))
        tenant = new_id()
        recovered_s = None
        while recovered_s is None:
            with suppress(Unavailable):
                async with database.transaction(tenant) as connection:
                    await enqueue(connection, Work("test.restart", tenant, b"after"))
                recovered_s = time.monotonic() - killed
        await supervisor
        assert await done.get() == "after"
        is_free.set()
        assert await done.get() == "long"  # the handler itself never noticed
    print(f"next transaction after {recovered_s:.1f} s")
    assert recovered_s < 5


async def _restart(cluster: Cluster) -> None:
    """What a supervisor does: start it again while processes of the dead one are in its way."""
    while True:
        cluster.launch()
        try:
            await asyncio.to_thread(cluster.process.wait, 0.5)
        except subprocess.TimeoutExpired:
            return await cluster.server.wait_ready()
