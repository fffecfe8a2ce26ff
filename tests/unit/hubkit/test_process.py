"""A service as a process: it starts, stops, checks itself and complains in plain words."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hubkit.testing.probe import engines
from hubkit.testing.tokens import Mesh

SERVER = """
import asyncio, sys
from contextlib import asynccontextmanager
from hubkit.config import ServiceSettings
from hubkit.server.command import main
from hubkit.testing.probe import app_of

async def slow():
    print("started", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

async def broken():
    await asyncio.to_thread(sys.stdin.readline)
    raise RuntimeError("text of a document")

@asynccontextmanager
async def build(settings):
    if "opening" in sys.argv:
        print("opening", flush=True)
        await asyncio.Event().wait()
    yield app_of(slow, background=(broken,) if "broken" in sys.argv else ())
    print("closed", flush=True)

main("ocr", ServiceSettings, build, [a for a in sys.argv[1:] if a.startswith("--")])
"""


def environment(mesh: Mesh, port: int = 0) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DOCHUB_SERVER__JWKS_FILE": str(mesh.jwks_file),
        "DOCHUB_SERVER__LISTEN": f"127.0.0.1:{port}",
    }


async def start(mesh: Mesh, *arguments: str) -> tuple[asyncio.subprocess.Process, str]:
    """Start the server process; gives it and its address, once it serves."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, *arguments, env=environment(mesh),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stderr is not None
    while True:
        line = json.loads(await asyncio.wait_for(process.stderr.readline(), 30))
        if line["event"] == "serving":
            return process, line["listen"]


async def test_a_stop_signal_drains_and_ends_well(mesh: Mesh) -> None:
    process, target = await start(mesh)
    assert process.stdin is not None
    assert process.stdout is not None
    async with grpc.aio.insecure_channel(target) as channel:
        watch = health_pb2_grpc.HealthStub(channel).Watch(health_pb2.HealthCheckRequest())
        while (await watch.read()).status != health_pb2.HealthCheckResponse.SERVING:
            pass
        at_work = asyncio.create_task(engines(channel, mesh.person_token()))
        assert await process.stdout.readline() == b"started\n"
        process.send_signal(signal.SIGTERM)
        stopped = time.monotonic()
        assert (await watch.read()).status == health_pb2.HealthCheckResponse.NOT_SERVING
        assert time.monotonic() - stopped < 1
        process.stdin.write(b"\n")
        await at_work
    assert await asyncio.wait_for(process.wait(), 60) == 0
    assert await process.stdout.read() == b"closed\n"


async def test_a_stop_signal_is_heard_before_it_serves(mesh: Mesh) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVER, "opening", env=environment(mesh),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert await process.stdout.readline() == b"opening\n"
    process.send_signal(signal.SIGTERM)
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0
    assert b"Traceback" not in said


async def test_background_work_that_fails_ends_the_process(mesh: Mesh) -> None:
    process, _ = await start(mesh, "broken")
    _, said = await asyncio.wait_for(process.communicate(b"\n"), 60)
    assert process.returncode == 1
    assert b"RuntimeError" in said
    assert b"text of a document" not in said


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"DOCHUB_SERVER__JWKS_FILE": "/nowhere/mesh.json"}, "can't read the key set /nowhere"),
        ({"DOCHUB_SERVER__LISTEN": "203.0.113.1:1"}, "can't listen on 203.0.113.1:1"),
        ({"DOCHUB_SERVER__DRAIN_S": "long"}, "DOCHUB_SERVER__DRAIN_S"),
        ({"DOCHUB_SERVER__METRICS_LISTEN": "9101"}, "metrics_listen must be host:port"),
    ],
)
def test_wrong_settings_end_in_a_plain_sentence(
    changes: dict[str, str], said: str, mesh: Mesh
) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVER], env=environment(mesh) | changes,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_check_and_print_config(mesh: Mesh) -> None:
    def ask(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", SERVER, *arguments], env=environment(mesh),
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip

    assert ask("--check").stdout == "closed\nok\n"
    assert '"max_concurrent_calls": 256' in ask("--print-config").stdout
