"""How much a flood of wrong logins from one address slows another person's login.

Identity runs as in the product, on a PostgreSQL of its own. One person signs in again and again,
first alone, then while 200 wrong logins a second come from one other address. What counts is the
ratio of the two medians of one run: at most 2.

    python bench/logins.py [--seconds 10] [--rate 200]
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import grpc

from dochub.identity.v1 import auth_service_pb2 as pb
from dochub.identity.v1.auth_service_pb2_grpc import AuthServiceStub
from hubkit.config import ServerSettings
from hubkit.core.ids import new_id
from hubkit.observe.logs import configure_logs
from hubkit.testing.postgres import Cluster, FreshDatabase
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import make_mesh
from identity_service.bootstrap import build
from identity_service.config import IdentitySettings
from identity_service.offline import create_admin

GOAL = 2.0
PASSWORD = "correct horse battery staple"  # noqa: S105  # of a person made here
OWNER = "owner@example.com"
TARGETS = 100


class Door:
    """Signs in from an address."""

    def __init__(self, channel: grpc.aio.Channel) -> None:
        self._stub = AuthServiceStub(channel)

    async def login(self, email: str, password: str, address: str) -> None:
        request = pb.LoginRequest(email=email, password=password)
        await self._stub.Login(request, metadata=(("x-envoy-external-address", address),))


async def signing_in(door: Door, seconds: float) -> list[float]:
    """Sign in again and again, each time from where nobody was; gives the times."""
    taken: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        started = time.perf_counter()
        await door.login(OWNER, PASSWORD, f"10.1.{len(taken) // 250}.{len(taken) % 250}")
        taken.append(time.perf_counter() - started)
        await asyncio.sleep(0.05)  # people pause; a queue of one's own is not measured
    return taken


async def flooding(door: Door, rate: int, outcomes: dict[str, int]) -> None:
    """Send wrong logins from one address at a steady rate, until cancelled."""

    async def one(number: int) -> None:
        try:
            await door.login(f"person{number % TARGETS}@example.com", "wrong horse", "203.0.113.9")
        except grpc.aio.AioRpcError as error:
            outcomes[error.code().name] = outcomes.get(error.code().name, 0) + 1

    async with asyncio.TaskGroup() as group:
        started, number = time.perf_counter(), 0
        while True:
            while number < (time.perf_counter() - started) * rate:
                group.create_task(one(number))
                number += 1
            await asyncio.sleep(0.005)


async def measure(database: FreshDatabase, folder: Path, seconds: float, rate: int) -> float:
    """Measure and print; gives the ratio."""
    mesh = make_mesh(folder)
    owner_dsn = database.dsn("dochub_owner")
    for email in (OWNER, *(f"person{n}@example.com" for n in range(0, TARGETS, 10))):
        await create_admin(owner_dsn, email, tenant_slug="acme", password=PASSWORD)
    settings = IdentitySettings(
        server=ServerSettings(
            jwks_file=mesh.jwks_file, service_key_file=mesh.folder / "keys" / "identity.pem"
        ),
        database=database.settings("dochub_identity"),
    )
    outcomes: dict[str, int] = {}
    async with (
        build(settings) as app,
        in_process_server(app, mesh) as target,
        grpc.aio.insecure_channel(target) as channel,
        grpc.aio.insecure_channel(target, [("x", new_id())]) as other,
    ):
        await signing_in(Door(channel), 1)
        quiet = await signing_in(Door(channel), seconds)
        flood = asyncio.create_task(flooding(Door(other), rate, outcomes))
        loud = await signing_in(Door(channel), seconds)
        flood.cancel()
        with suppress(asyncio.CancelledError):
            await flood
    ratio = statistics.median(loud) / statistics.median(quiet)
    result = {
        "quiet_median_ms": round(statistics.median(quiet) * 1000, 1),
        "flooded_median_ms": round(statistics.median(loud) * 1000, 1),
        "ratio": round(ratio, 2),
        "goal": GOAL,
        "wrong_logins_per_s": round(sum(outcomes.values()) / seconds),
        "answers": outcomes,
    }
    print(json.dumps(result, indent=2))
    return ratio


def main() -> int:
    """Run on a database of its own; 1 when the goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--rate", type=int, default=200)
    asked = parser.parse_args()
    configure_logs("bench", "ERROR")
    with Cluster() as cluster, tempfile.TemporaryDirectory() as folder:
        database = cluster.fresh_database()
        ratio = asyncio.run(measure(database, Path(folder), asked.seconds, asked.rate))
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    raise SystemExit(main())
