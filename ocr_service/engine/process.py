"""One worker process as the pool sees it: start it, ask it, watch its memory, end it."""

import asyncio
import os
import socket
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import psutil

from hubkit.core.errors import HubError
from ocr_service.domain.errors import FileTooLarge, PageTimeout, WorkerLost
from ocr_service.engine.engines import TESSERACT
from ocr_service.engine.protocol import Failed, Ready, Reply, Request, Setup, framed, reply_from

START_S = 60
"""A worker that has not loaded its models by then never will."""
WATCH_S = 0.1
"""How often memory and processor time are looked at while a page is read."""


@dataclass(slots=True, eq=False)
class WorkerProcess:
    """A running worker.

    Attributes:
        digest: The file it holds open; empty for none.
        has_children: It starts processes of its own, whose memory and time are its own.
    """

    process: subprocess.Popen[bytes]
    reader: StreamReader
    writer: StreamWriter
    digest: str = ""
    has_children: bool = False

    @classmethod
    async def start(cls, setup: Setup) -> "WorkerProcess":
        """Start a worker and wait until it is ready.

        Raises:
            HubError: It cannot load its models, or died while it tried.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            reader, writer = await asyncio.open_connection(sock=ours)
            command = [sys.executable, "-m", "ocr_service.engine.worker"]
            process = subprocess.Popen(  # noqa: S603, ASYNC220  our own module; forks in milliseconds
                [*command, str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env=_environment(),
            )
        worker = cls(process, reader, writer, has_children=setup.engine == TESSERACT)
        try:
            async with asyncio.timeout(START_S):
                reply = await worker._ask(setup)
        except (TimeoutError, OSError, asyncio.IncompleteReadError) as exc:
            worker.kill()
            raise WorkerLost("a reading process could not be started") from exc
        except BaseException:
            worker.kill()
            raise
        if not isinstance(reply, Ready):
            worker.kill()
            error = reply.error if isinstance(reply, Failed) else None
            raise error or WorkerLost("a reading process could not be started")
        return worker

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self.process.poll() is None

    def memory(self) -> int:
        """Bytes of memory it holds; 0 once it is gone."""
        return int(sum(self._measured(lambda one: float(one.memory_info().rss))))

    async def do(self, request: Request, time_limit_s: float, memory_cap: int) -> Reply:
        """Have a request answered, or end the process.

        Args:
            request: What to do.
            time_limit_s: Processor time it may take, and how long it may stand still: on a crowded
                machine a page is slow through no fault of its own.
            memory_cap: Bytes the process may hold.

        Raises:
            PageTimeout: It took too long; the process is killed.
            FileTooLarge: It took too much memory; the process is killed.
            WorkerLost: The process died.
        """
        watch = asyncio.ensure_future(self._overrun(time_limit_s, memory_cap))
        answer = asyncio.ensure_future(self._ask(request))
        try:
            done, _ = await asyncio.wait({watch, answer}, return_when=asyncio.FIRST_COMPLETED)
            if answer in done:
                return answer.result()
            failure = watch.result()
        except (OSError, asyncio.IncompleteReadError) as exc:
            self.kill()
            raise WorkerLost("the process reading the page died; try the page again") from exc
        except asyncio.CancelledError:
            # Nobody waits for this page any more; the work must not go on.
            self.kill()
            raise
        finally:
            for task in (watch, answer):
                task.cancel()
            await asyncio.gather(watch, answer, return_exceptions=True)
        self.kill()
        raise failure

    def kill(self) -> None:
        """End the process at once and reap it."""
        self.writer.transport.abort()
        if self.is_alive:
            self.process.kill()
        self.process.wait()

    async def _ask(self, message: Setup | Request) -> Reply:
        self.writer.write(framed(message))
        await self.writer.drain()
        return await reply_from(self.reader)

    async def _overrun(self, time_limit_s: float, memory_cap: int) -> HubError:
        """Wait until the process uses too much memory or processor time, or stands still."""
        clock = asyncio.get_running_loop().time
        seen, since = self._processor_s(), clock()
        budget = seen + time_limit_s
        while self.memory() <= memory_cap:
            used = self._processor_s()
            if used > seen:
                seen, since = used, clock()
            if used > budget or clock() - since > time_limit_s:
                return PageTimeout(f"the page was not read within {time_limit_s:g} s of work")
            await asyncio.sleep(WATCH_S)
        return FileTooLarge("reading the page takes more memory than allowed; scan it smaller")

    def _processor_s(self) -> float:
        """Seconds of processor time, with those of children that ended."""
        return sum(self._measured(lambda one: sum(one.cpu_times()[:4])))

    def _measured(self, measure: Callable[[psutil.Process], float]) -> Iterator[float]:
        try:
            own = psutil.Process(self.process.pid)
            for one in (own, *(own.children() if self.has_children else ())):
                yield measure(one)
        except psutil.Error:
            return  # it ended meanwhile


def _environment() -> dict[str, str]:
    """Keep numeric libraries to the threads the pool gives them, and the heap in one piece.

    With a heap for each thread, freed pages of one are of no use to the others: the peak is a fifth
    higher.
    """
    single = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
    return {**os.environ, **single}
