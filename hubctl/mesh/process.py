"""A supervised process: started again when it ends, stopped when asked, never left behind."""

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from hubkit.core.errors import Unavailable

HERE: Final = Path(__file__).parent
FIRST_PAUSE_S: Final = 0.25
LONGEST_PAUSE_S: Final = 10.0
STEADY_S: Final = 30.0
"""A process that has lived so long begins anew with short pauses."""
LOG_LIMIT: Final = 20 * 1024 * 1024
"""A larger log is put aside at the next start."""
_TAIL_LINES: Final = 12


class StartFailed(Unavailable):
    """A part of the mesh ended before it was ready."""


@dataclass(frozen=True, slots=True)
class Program:
    """What to run.

    Attributes:
        name: For people and for its log.
        command: Program and arguments.
        environment: All of it.
        log: Where its output goes.
        user: The account to run as; None for ours.
        stop_signal: Asks it to end in order.
        stop_within_s: How long it may take; then it is killed.
        death_signal: What it gets when we die.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    user: str | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_within_s: float = 15.0
    death_signal: signal.Signals = signal.SIGKILL


class Undertaker:
    """Told of every process group that must not outlive us."""

    def __init__(self, pipe: "subprocess.Popen[str]") -> None:
        self._pipe = pipe

    def keep(self, group: int, signum: int) -> None:
        """Have a group ended when we die."""
        self._tell(f"keep {group} {int(signum)}")

    def drop(self, group: int) -> None:
        """Forget a group that has ended; its number may become somebody else's."""
        self._tell(f"drop {group}")

    def _tell(self, line: str) -> None:
        assert self._pipe.stdin is not None  # noqa: S101 - it was opened with a pipe
        # Without an undertaker the kernel's signal still ends the children themselves.
        with contextlib.suppress(BrokenPipeError):
            self._pipe.stdin.write(line + "\n")
            self._pipe.stdin.flush()


@contextmanager
def undertaker() -> Iterator[Undertaker]:
    """Run the undertaker while the block lasts."""
    command = [sys.executable, "-I", "-S", str(HERE / "undertaker.py")]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, text=True, start_new_session=True, cwd="/"
    ) as process:
        yield Undertaker(process)


@dataclass
class Supervised:
    """One process of the mesh at work.

    Attributes:
        program: What runs.
        restarts: How often it was started again.
        pid: Of the process that runs now; also the id of its group.
    """

    program: Program
    undertaker: Undertaker
    on_change: Callable[["Supervised"], None]
    restarts: int = 0
    pid: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    _process: asyncio.subprocess.Process | None = None

    async def spawn(self) -> None:
        """Start it."""
        program = self.program
        tether = [sys.executable, "-I", "-S", str(HERE / "tether.py")]
        # Should we be killed before the undertaker knows it, the gate closes before it has begun.
        key, gate = socket.socketpair()
        with program.log.open("ab") as log, key, gate:
            self._process = await asyncio.create_subprocess_exec(
                *(*tether, str(gate.fileno()), str(int(program.death_signal)), program.user or ""),
                *program.command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(program.environment),
                cwd="/",
                process_group=0,
                pass_fds=(gate.fileno(),),
            )
            self.pid = self._process.pid
            self._ended.clear()
            self.undertaker.keep(self.pid, program.death_signal)
            key.send(b"\n")
        self.on_change(self)

    async def watch(self) -> None:
        """Start it again whenever it ends, after a pause that grows."""
        pause_s = FIRST_PAUSE_S
        loop = asyncio.get_running_loop()
        while True:
            started = loop.time()
            await self._wait_end()
            if loop.time() - started > STEADY_S:
                pause_s = FIRST_PAUSE_S
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
            self.restarts += 1
            await self.spawn()

    async def until(self, ready: Awaitable[None]) -> None:
        """Wait until it is ready.

        Raises:
            StartFailed: It ended first.
        """
        waiting = asyncio.ensure_future(ready)
        ended = asyncio.ensure_future(self._ended.wait())
        try:
            await asyncio.wait((waiting, ended), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done():
                raise StartFailed(
                    f"{self.program.name} did not start; {self.program.log} ends with:\n"
                    + tail(self.program.log)
                )
            await waiting
        finally:
            for task in (waiting, ended):
                task.cancel()
            await asyncio.gather(waiting, ended, return_exceptions=True)

    async def stop(self) -> None:
        """Ask it to end, and kill it and what it started if it takes too long."""
        if self._process is None:
            return
        self._signal(self.program.stop_signal)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.program.stop_within_s):
                await self._process.wait()
        await self._wait_end(kill=True)

    async def _wait_end(self, *, kill: bool = False) -> None:
        """Wait for its end, then end the rest of its group."""
        assert self._process is not None  # noqa: S101 - spawned before it is watched
        if kill:
            self._kill_group()
        await self._process.wait()
        self._kill_group()
        self.undertaker.drop(self.pid)
        self._ended.set()
        self.on_change(self)

    def _signal(self, signum: signal.Signals) -> None:
        assert self._process is not None  # noqa: S101 - spawned before it is stopped
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signum)

    def _kill_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)


@asynccontextmanager
async def supervised(
    program: Program, undertaker: Undertaker, on_change: Callable[[Supervised], None]
) -> AsyncIterator[Supervised]:
    """Keep a program running while the block lasts."""
    if program.log.exists() and program.log.stat().st_size > LOG_LIMIT:
        program.log.replace(program.log.with_suffix(".log.1"))
    process = Supervised(program, undertaker, on_change)
    await process.spawn()
    watching = asyncio.create_task(process.watch())
    try:
        yield process
    finally:
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        await process.stop()


def tail(log: Path) -> str:
    """Give the last lines of a log."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])
