"""Reading files without a server: worker processes over all cores, results in order."""

import asyncio
import os
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path

from hubkit.core.errors import HubError, InvalidArgument, NotFound
from ocr_service.config import ReaderSettings
from ocr_service.domain.errors import FileTooLarge
from ocr_service.domain.file_facts import FileFacts, Limits
from ocr_service.domain.page import Page, PageFailure, TextSource
from ocr_service.domain.page_read import ReadOptions
from ocr_service.domain.result_json import Result, failure_json, reading_json
from ocr_service.engine.models import Model, known_models, verify
from ocr_service.engine.pool import PoolSettings, ReaderPool
from ocr_service.engine.pulling import pull
from ocr_service.export.folders import Exporter, ExportFolders
from ocr_service.extraction import extract
from paperwork.einvoice import merge
from paperwork.validation import judged

__all__ = ["ExportFolders", "Model", "known_models", "pull", "read_files", "verify"]

AHEAD = 2
"""Pages and files held ready for each worker, so that none waits for the disk."""


@dataclass(frozen=True, slots=True)
class _Order:
    """What is asked of every file."""

    options: ReadOptions
    pages: frozenset[int] | None
    today: date
    exporter: Exporter


@dataclass(frozen=True, slots=True)
class _Desk:
    """Where the work is done, and how many pages may be on it."""

    pool: ReaderPool
    limits: Limits
    slots: asyncio.Semaphore


def read_files(
    paths: Iterable[str | os.PathLike[str]],
    *,
    languages: Sequence[str] = (),
    pages: Iterable[int] | None = None,
    workers: int | None = None,
    force_ocr: bool = False,
    page_timeout_s: float | None = None,
    reader: ReaderSettings | None = None,
    today: date | None = None,
    exports: ExportFolders | None = None,
) -> Generator[Result]:
    """Read files and extract their fields, one result for each, in the order given.

    A file that cannot be read gives a result with its `error`; the others go on.

    Args:
        paths: The files; consumed as reading goes on.
        languages: ISO 639-1 codes the files may be in; empty for whatever the models read.
        pages: Page numbers to read, counted from 1; None for all.
        workers: Reading processes; None for what `reader` says.
        force_ocr: Read the pixels even of pages with a good text layer.
        page_timeout_s: Processor time after which a page is given up; None for what `reader` says.
        reader: Limits and the like; None for the defaults.
        today: For dates without a year; None for the machine's date.
        exports: Folders for searchable PDFs, hOCR and ALTO. A file whose export fails has its
            result with that `error`; no file there is written over.

    Yields:
        Objects of the form of `result.schema.json`.

    Raises:
        HubError: The reading processes cannot be started, or a folder for exports not made.
    """
    given = reader or ReaderSettings()
    settings = replace(
        PoolSettings.of(given),
        workers=workers or given.workers,
        inspectors=0,  # nobody waits for a look at headers alone
        page_timeout_s=given.page_timeout_s if page_timeout_s is None else page_timeout_s,
    )
    order = _Order(
        ReadOptions(tuple(languages), force_ocr, with_image=False),
        None if pages is None else frozenset(pages),
        today or datetime.now(UTC).astimezone().date(),
        Exporter(exports or ExportFolders()),
    )
    # The loop runs only while the caller waits for a result; the workers run on by themselves.
    with asyncio.Runner() as runner:
        results = _results(map(Path, paths), order, settings)
        try:
            while (result := runner.run(_next(results))) is not None:
                yield result
        finally:
            runner.run(results.aclose())


async def _next(results: AsyncIterator[Result]) -> Result | None:
    return await anext(results, None)


async def _results(
    paths: Iterator[Path], order: _Order, settings: PoolSettings
) -> AsyncGenerator[Result]:
    async with ReaderPool(settings) as pool:
        desk = _Desk(pool, settings.limits, asyncio.Semaphore(AHEAD * settings.workers))
        running: deque[asyncio.Task[Result]] = deque()
        try:
            while True:
                while len(running) < AHEAD * settings.workers:
                    path = next(paths, None)
                    if path is None:
                        break
                    running.append(asyncio.create_task(_result(path, order, desk)))
                if not running:
                    return
                yield await running.popleft()
        finally:
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)


async def _result(path: Path, order: _Order, desk: _Desk) -> Result:
    try:
        exported = order.exporter.names(path)
        data = await asyncio.to_thread(_bytes_of, path, desk.limits)
        facts = await desk.pool.inspect(data)
        numbers = _chosen(facts, order.pages)  # outside the group, which would wrap its failure
        async with asyncio.TaskGroup() as group:
            tasks = [
                group.create_task(_page(data, number, facts, order.options, desk))
                for number in numbers
            ]
    except HubError as error:
        return failure_json(path.name, error)
    pages = [task.result() for task in tasks]
    extraction = extract(pages, order.today)
    if facts.invoice is not None:
        extraction = judged(merge(extraction, facts.invoice), order.today)
    partial = ("PAGES_FAILED",) if any(page.failure for page in pages) else ()
    result = reading_json(path.name, pages, extraction, (*facts.warnings, *partial))
    if exported and result["error"] is None:
        try:
            await asyncio.to_thread(order.exporter.write, exported, path, data, pages)
        except HubError as error:
            result["error"] = {"reason": error.reason, "message": str(error)}
    return result


async def _page(
    data: bytes, number: int, facts: FileFacts, options: ReadOptions, desk: _Desk
) -> Page:
    async with desk.slots:
        try:
            return (await desk.pool.read_page(data, number, options)).page
        except HubError as error:
            size = facts.page_sizes[number - 1]
            failure = PageFailure(error.reason, str(error))
            return Page(number, size.width, size.height, TextSource.NONE, failure=failure)


def _chosen(facts: FileFacts, wanted: frozenset[int] | None) -> list[int]:
    there = range(1, facts.page_count + 1)
    numbers = [number for number in there if wanted is None or number in wanted]
    if not numbers:
        raise InvalidArgument(
            f"the file has {facts.page_count} pages and none of those asked for", field="pages"
        )
    return numbers


def _bytes_of(path: Path, limits: Limits) -> bytes:
    try:
        if (size := path.stat().st_size) > limits.file_bytes:
            raise FileTooLarge(
                f"the file has {size / 2**20:.1f} MiB, at most"
                f" {limits.file_bytes / 2**20:.0f} MiB are read; split it or scan it smaller"
            )
        return path.read_bytes()
    except FileNotFoundError as exc:
        raise NotFound("there is no such file") from exc
    except OSError as exc:
        raise InvalidArgument(f"the file cannot be opened: {exc.strerror}") from exc
