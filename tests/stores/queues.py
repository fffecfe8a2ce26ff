"""What the tests of the bus and the worker share."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import asyncpg

from hubkit.jobs.worker import Worker
from hubkit.testing.postgres import FreshDatabase

DOCUMENT = "dochub_document"


@asynccontextmanager
async def running(*workers: Worker) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(worker.run()) for worker in workers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def fetch(
    database: FreshDatabase, role: str, query: str, *args: object
) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(database.dsn(role))
    try:
        return await connection.fetch(query, *args)
    finally:
        await connection.close()


async def subscribe(database: FreshDatabase, service: str, event_type: str) -> None:
    await fetch(
        database,
        "dochub_owner",
        "INSERT INTO bus.subscription (service, event_type) VALUES ($1, $2)",
        service,
        event_type,
    )
