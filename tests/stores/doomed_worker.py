"""A worker in a process of its own, for tests that kill it: says each start, then hangs or dies."""

import asyncio
import os
import signal
import sys

from pydantic import SecretStr

from hubkit.config import DatabaseSettings
from hubkit.jobs.delivery import Delivery
from hubkit.jobs.worker import Worker
from hubkit.observe.logs import configure_logs


async def main(dsn: str, kind: str, ending: str, lease_s: float) -> None:
    async def handle(delivery: Delivery) -> None:
        print("start", delivery.starts, flush=True)
        if ending == "dies":
            os.kill(os.getpid(), signal.SIGKILL)
        await asyncio.Event().wait()

    async def on_dead(delivery: Delivery, error: Exception) -> None:
        print("dead", delivery.starts, error, flush=True)

    configure_logs("doomed", "CRITICAL")
    settings = DatabaseSettings(dsn=SecretStr(dsn))
    await Worker(settings, "document", {kind: handle}, on_dead=on_dead, lease_s=lease_s).run()


if __name__ == "__main__":
    dsn, kind, ending, lease_s = sys.argv[1:]
    asyncio.run(main(dsn, kind, ending, float(lease_s)))
