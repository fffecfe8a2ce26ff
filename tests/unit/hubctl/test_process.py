"""Supervised processes come back when they end, and never outlive their supervisor."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from hubctl.mesh import process
from hubctl.mesh.process import Program, StartFailed, Supervised, supervised, undertaker

PATIENCE_S = 60
"""Nothing here takes a second on an idle machine."""

# Starts a child of its own, tells both ids, and stays.
FAMILY = """
import subprocess, sys, os, time
child = subprocess.Popen(["sleep", "600"])
path = sys.argv[1]
open(path + ".new", "w").write(f"{os.getpid()} {child.pid}")
os.rename(path + ".new", path)
time.sleep(600)
"""
SUPERVISOR = """
import asyncio, sys
from pathlib import Path
from hubctl.mesh.process import Program, supervised, undertaker
folder = Path(sys.argv[1])
async def main():
    program = Program("family", (sys.executable, "-c", sys.argv[2], str(folder / "pids")),
                      {}, folder / "log")
    with undertaker() as kept:
        async with supervised(program, kept, lambda _: None):
            await asyncio.Event().wait()
asyncio.run(main())
"""


def program(folder: Path, source: str, *arguments: str) -> Program:
    return Program("part", (sys.executable, "-c", source, *arguments), {}, folder / "part.log")


async def forever() -> None:
    await asyncio.Event().wait()


async def pids_of_family(file: Path) -> list[int]:
    def read() -> list[int]:
        return [int(pid) for pid in file.read_text().split()] if file.exists() else []

    async with asyncio.timeout(PATIENCE_S):
        while not (pids := read()):  # noqa: ASYNC110 - another process writes it
            await asyncio.sleep(0.02)
    return pids


async def gone(pids: list[int]) -> bool:
    async with asyncio.timeout(PATIENCE_S):
        while any(lives(pid) for pid in pids):  # noqa: ASYNC110 - the kernel tells by polling alone
            await asyncio.sleep(0.02)
    return True


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_process_that_ends_is_started_again(tmp_path: Path) -> None:
    third = asyncio.Event()

    def note(process: Supervised) -> None:
        if process.restarts == 2:
            third.set()

    with undertaker() as kept:
        async with (
            asyncio.timeout(PATIENCE_S),
            supervised(program(tmp_path, "print('hello', flush=True)"), kept, note),
        ):
            await third.wait()
    assert (tmp_path / "part.log").read_text().count("hello") >= 2


async def test_stopping_ends_what_a_process_started_too(tmp_path: Path) -> None:
    file = tmp_path / "pids"
    with undertaker() as kept:
        async with supervised(program(tmp_path, FAMILY, str(file)), kept, lambda _: None):
            pids = await pids_of_family(file)
            assert all(lives(pid) for pid in pids)
    assert await gone(pids)


async def test_one_that_does_not_listen_is_killed_in_time(tmp_path: Path) -> None:
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    stubborn = Program(
        "part", (sys.executable, "-c", deaf), {}, tmp_path / "log", stop_within_s=0.3
    )
    with undertaker() as kept:
        async with (
            asyncio.timeout(PATIENCE_S),
            supervised(stubborn, kept, lambda _: None) as process,
        ):
            pid = process.pid
    assert not lives(pid)


async def test_a_process_that_ends_before_it_is_ready_tells_why(tmp_path: Path) -> None:
    with undertaker() as kept:
        broken = program(tmp_path, "raise SystemExit('no such model')")
        async with supervised(broken, kept, lambda _: None) as process:
            with pytest.raises(StartFailed, match="no such model"):
                await process.until(forever())


@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGSEGV])
async def test_a_killed_supervisor_leaves_no_process(tmp_path: Path, signum: int) -> None:
    supervisor = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SUPERVISOR, str(tmp_path), FAMILY)
    )
    pids = await pids_of_family(tmp_path / "pids")
    children = [one.pid for one in psutil.Process(supervisor.pid).children(recursive=True)]
    assert set(pids) < set(children)
    os.kill(supervisor.pid, signum)
    await supervisor.wait()
    assert await gone(children)


def test_what_a_killed_supervisor_had_not_announced_never_begins(tmp_path: Path) -> None:
    tether = Path(process.__file__).with_name("tether.py")
    key, gate = socket.socketpair()
    key.close()
    with gate:
        ended = subprocess.run(
            [sys.executable, tether, str(gate.fileno()), "9", "", "/bin/touch", tmp_path / "ran"],
            pass_fds=(gate.fileno(),), capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (1, "the parent is gone\n")
    assert not (tmp_path / "ran").exists()
