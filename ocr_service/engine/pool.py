"""The pool of reading processes: bounded, each recycled or replaced, none missed by the others."""

import asyncio
import hashlib
import os
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import structlog

from ocr_service.config import ReaderSettings
from ocr_service.domain.errors import WorkerLost
from ocr_service.domain.file_facts import FileFacts, Limits
from ocr_service.domain.page_read import PageRead, ReadOptions
from ocr_service.engine.crew import Crew
from ocr_service.engine.engines import FIRST, OWN, check
from ocr_service.engine.process import WorkerProcess
from ocr_service.engine.protocol import Failed, Inspect, ReadPage, Reply, Request, Setup
from ocr_service.engine.runtime import AUTO

HASH_IN_THREAD_BYTES = 1 << 20
"""Larger files are hashed off the event loop."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PoolSettings:
    """How the pool spends the machine.

    Attributes:
        workers: Processes that read pages.
        threads: The most that one page gets, when no other is being read: one page is then read
            the soonest. With more pages each has one thread, which reads the most pages.
        backend: What runs the models: `auto`, `openvino` or `onnxruntime`.
        engine: Who reads lines: `own`, or `tesseract` where it is installed.
        first_model: Role of the model that reads every line, where the engine is our own.
        inspectors: Processes that only look at headers, so that a check on upload does not wait
            behind pages; with 0 the readers do it.
        waiting: Requests that may wait for a worker; more are refused as BUSY.
        page_timeout_s: Processor time for one page, and how long it may stand still; the clock
            does not count, so that a crowded machine fails no page.
        inspect_timeout_s: The same for a look at the headers.
        memory_cap: Bytes at which a worker is killed with its page in hand.
        recycle_at: Bytes at which a worker is replaced after its page.
        limits: Files are held to.
    """

    workers: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    threads: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    backend: str = AUTO
    engine: str = OWN
    first_model: str = FIRST
    inspectors: int = 0
    waiting: int = 256
    page_timeout_s: float = 20.0
    inspect_timeout_s: float = 10.0
    memory_cap: int = 1 << 30
    recycle_at: int = 768 << 20
    limits: Limits = field(default_factory=Limits)

    @classmethod
    def of(cls, reader: ReaderSettings, *, waiting: int = 256) -> Self:
        """Take what an operator has set."""
        cap = reader.memory_cap_mib << 20
        return cls(
            workers=reader.workers,
            threads=reader.threads,
            backend=reader.backend,
            engine=reader.engine,
            first_model=reader.first_model,
            inspectors=reader.inspectors,
            waiting=waiting,
            page_timeout_s=reader.page_timeout_s,
            memory_cap=cap,
            recycle_at=cap * 3 // 4,  # the next page needs up to a quarter more
            limits=Limits(reader.file_mib << 20, reader.pages, reader.megapixels * 1_000_000),
        )


class ReaderPool:
    """Reads pages in worker processes; an async context manager."""

    def __init__(self, settings: PoolSettings | None = None) -> None:
        """Start nothing yet."""
        self._settings = settings = settings or PoolSettings()
        self._readers = self._crew(settings.workers, preload=True)
        self._inspectors = self._readers
        if settings.inspectors:
            self._inspectors = self._crew(settings.inspectors, preload=False)

    async def __aenter__(self) -> Self:
        """Start the workers and wait until one of them is ready.

        Raises:
            HubError: None can be started.
        """
        check(self._settings.engine, self._settings.first_model)
        try:
            await self._readers.start()
            if self._inspectors is not self._readers:
                await self._inspectors.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all workers."""
        await self._readers.stop()
        await self._inspectors.stop()

    async def inspect(self, data: bytes) -> FileFacts:
        """Look at a file's headers.

        Raises:
            HubError: The file is not one that can be read, with its reason; or BUSY.
        """
        async with self._inspectors.worker("") as worker:
            reply = await self._answer(worker, Inspect(data), self._settings.inspect_timeout_s)
        if not isinstance(reply, FileFacts):
            raise WorkerLost("the file could not be looked at")
        return reply

    async def read_page(
        self, data: bytes, number: int, options: ReadOptions | None = None
    ) -> PageRead:
        """Read page `number`, counted from 1, of a file.

        Pages of one file go to a worker that has it open where one is free. When the caller is
        cancelled, the work ends with it.

        Raises:
            HubError: The page cannot be read, with its reason (TIMEOUT, TOO_LARGE, INTERNAL for a
                process that died, or the reasons of the file); or BUSY.
        """
        digest = await _digest(data)
        async with self._readers.worker(digest) as worker:
            held = worker.digest == digest
            worker.digest = ""
            sent = None if held else data
            alone = self._readers.busy == 1
            request = ReadPage(digest, sent, number, options or ReadOptions(), alone)
            reply = await self._answer(worker, request, self._settings.page_timeout_s)
            worker.digest = digest
        if not isinstance(reply, PageRead):
            raise WorkerLost("the page could not be read")
        return reply

    def _crew(self, size: int, *, preload: bool) -> Crew:
        settings = self._settings
        setup = Setup(
            settings.threads,
            settings.backend,
            settings.engine,
            settings.first_model,
            settings.limits,
            preload,
        )
        return Crew(setup, size, waiting=settings.waiting, recycle_at=settings.recycle_at)

    async def _answer(self, worker: WorkerProcess, request: Request, limit_s: float) -> Reply:
        reply = await worker.do(request, limit_s, self._settings.memory_cap)
        if isinstance(reply, Failed):
            if reply.error is not None:
                raise reply.error
            _log.error("page reader failed", defect=reply.defect)
            raise WorkerLost("the page could not be read; the failure has been logged")
        return reply


async def _digest(data: bytes) -> str:
    if len(data) < HASH_IN_THREAD_BYTES:
        return hashlib.sha256(data).hexdigest()
    return await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
