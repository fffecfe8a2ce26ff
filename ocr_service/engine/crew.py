"""A fixed number of like workers and the bounded queue before them; who dies is replaced."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from hubkit.core.errors import HubError
from ocr_service.domain.errors import Busy, Unavailable
from ocr_service.engine.process import WorkerProcess
from ocr_service.engine.protocol import Setup

START_ATTEMPTS = 3
RETRY_AFTER_S = 2.0

_log = structlog.get_logger(__name__)


class Crew:
    """Lends workers out one at a time, first come first served."""

    def __init__(self, setup: Setup, size: int, *, waiting: int, recycle_at: int) -> None:
        """Start nothing yet."""
        self._setup = setup
        self._size = size
        self._most_waiting = waiting
        self._recycle_at = recycle_at
        self._idle: list[WorkerProcess] = []
        self._lent: list[WorkerProcess] = []
        self._waiting: deque[asyncio.Future[WorkerProcess]] = deque()
        self._starting: set[asyncio.Task[None]] = set()
        self._closed = False

    async def start(self) -> None:
        """Start all and return when the first is ready.

        Raises:
            HubError: None can be started.
        """
        for _ in range(self._size):
            self._replace()
        async with self.worker(""):
            pass

    async def stop(self) -> None:
        """End all and refuse whoever still waits."""
        self._closed = True
        for task in self._starting:
            task.cancel()
        await asyncio.gather(*self._starting, return_exceptions=True)
        self._refuse(Unavailable("the reader is shutting down; try again"))
        for worker in (*self._idle, *self._lent):
            worker.kill()
        self._idle.clear()

    @asynccontextmanager
    async def worker(self, digest: str) -> AsyncIterator[WorkerProcess]:
        """Lend a worker, one that holds that file open if there is one.

        Raises:
            Busy: Too many wait already.
            HubError: No worker can be started.
        """
        worker = await self._take(digest)
        self._lent.append(worker)
        try:
            yield worker
        finally:
            self._lent.remove(worker)
            self._take_back(worker)

    @property
    def busy(self) -> int:
        """How many workers are lent out."""
        return len(self._lent)

    async def _take(self, digest: str) -> WorkerProcess:
        if self._closed:
            raise Unavailable("the reader is shutting down; try again")
        while self._idle:
            # Else one that holds nothing, so that open files stay open.
            best = min(
                self._idle, key=lambda w: 0 if w.digest == digest else 1 if not w.digest else 2
            )
            self._idle.remove(best)
            if best.is_alive:
                return best
            best.kill()
            self._replace()
        if not self._lent and not self._starting:
            self._replace()  # all attempts failed earlier; the cause may have gone
        if len(self._waiting) >= self._most_waiting:
            raise Busy("too many pages wait to be read; try again", retry_after_s=RETRY_AFTER_S)
        turn: asyncio.Future[WorkerProcess] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._offer(turn.result())
            raise

    def _take_back(self, worker: WorkerProcess) -> None:
        if worker.is_alive and not self._closed and worker.memory() <= self._recycle_at:
            self._offer(worker)
            return
        worker.kill()
        self._replace()

    def _offer(self, worker: WorkerProcess) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(worker)
                return
        self._idle.append(worker)

    def _replace(self) -> None:
        if self._closed:
            return
        task = asyncio.create_task(self._start_one())
        self._starting.add(task)
        task.add_done_callback(self._starting.discard)

    async def _start_one(self) -> None:
        for attempt in range(1, START_ATTEMPTS + 1):
            try:
                self._offer(await WorkerProcess.start(self._setup))
            except HubError as error:
                _log.warning("worker did not start", attempt=attempt, error=str(error))
                if attempt == START_ATTEMPTS and not (self._idle or self._lent):
                    self._refuse(error)
            else:
                return

    def _refuse(self, error: HubError) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_exception(error)
