"""One page's misfortune is its own: timeouts, deaths and memory cost the others nothing."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import psutil
import pytest
import pytest_asyncio
from PIL import Image

from ocr_service.domain.errors import (
    Busy,
    CorruptFile,
    FileTooLarge,
    PageTimeout,
    Unavailable,
    WorkerLost,
)
from ocr_service.domain.page import TextSource
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool

pymupdf: Any = import_module("pymupdf")  # it ships no types
ROOT = Path(__file__).resolve().parents[3]
SETTINGS = PoolSettings(workers=1, page_timeout_s=60)
TEXT_ONLY = ReadOptions(with_image=False)


@pytest.fixture(scope="module")
def page_bytes(draw: Callable[..., Image.Image], encode: Callable[..., bytes]) -> bytes:
    return encode(draw())


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[ReaderPool]:
    async with ReaderPool(SETTINGS) as started:
        yield started


def workers() -> list[psutil.Process]:
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "ocr_service.engine.worker" in child.cmdline()
    ]


async def test_a_page_is_read_with_its_picture(
    pool: ReaderPool, page_bytes: bytes, lines: tuple[str, ...]
) -> None:
    read = await pool.read_page(page_bytes, 1)
    assert read.page.text_source is TextSource.OCR
    assert tuple(line.text for line in read.page.lines) == lines
    assert read.image is not None
    assert (read.image.width, read.image.height) == (800, 560)
    assert read.image.webp[8:12] == b"WEBP"


async def test_a_killed_worker_fails_its_page_alone(pool: ReaderPool, page_bytes: bytes) -> None:
    (worker,) = workers()
    worker.suspend()  # the page is surely in hand when the process dies
    victim = asyncio.create_task(pool.read_page(page_bytes, 1, TEXT_ONLY))
    waiting = asyncio.create_task(pool.read_page(page_bytes, 1, TEXT_ONLY))
    await asyncio.sleep(0)
    worker.send_signal(signal.SIGKILL)
    with pytest.raises(WorkerLost):
        await victim
    assert (await waiting).page.lines


async def test_a_page_over_its_time_is_given_up_and_the_next_is_read(page_bytes: bytes) -> None:
    async with ReaderPool(replace(SETTINGS, page_timeout_s=20)) as pool:
        pool._settings = replace(SETTINGS, page_timeout_s=0.2)
        (worker,) = workers()
        worker.suspend()
        with pytest.raises(PageTimeout, match=r"0\.2 s"):
            await pool.read_page(page_bytes, 1, TEXT_ONLY)
        assert not worker.is_running()
        pool._settings = SETTINGS
        assert (await pool.read_page(page_bytes, 1, TEXT_ONLY)).page.lines


async def test_a_page_that_outgrows_its_memory_fails_alone(page_bytes: bytes) -> None:
    async with ReaderPool(replace(SETTINGS, memory_cap=1 << 20)) as pool:
        (worker,) = workers()
        worker.suspend()
        with pytest.raises(FileTooLarge, match="memory"):
            await pool.read_page(page_bytes, 1, TEXT_ONLY)


async def test_a_grown_worker_is_replaced_after_its_page(page_bytes: bytes) -> None:
    async with ReaderPool(replace(SETTINGS, recycle_at=1 << 20)) as pool:
        assert (await pool.read_page(page_bytes, 1, TEXT_ONLY)).page.lines
        (before,) = [*workers(), None][:1]
        assert (await pool.read_page(page_bytes, 1, TEXT_ONLY)).page.lines
        assert before is None or not before.is_running()


async def test_cancelling_ends_the_work(pool: ReaderPool, page_bytes: bytes) -> None:
    (worker,) = workers()
    worker.suspend()
    task = asyncio.create_task(pool.read_page(page_bytes, 1, TEXT_ONLY))
    waiting = asyncio.create_task(pool.read_page(page_bytes, 1, TEXT_ONLY))
    await asyncio.sleep(0)  # both have started: one holds the worker, the other waits for it
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not worker.is_running()
    assert (await waiting).page.lines


async def test_the_queue_is_bounded(page_bytes: bytes) -> None:
    async with ReaderPool(replace(SETTINGS, waiting=1)) as pool:
        tasks = [asyncio.create_task(pool.read_page(page_bytes, 1, TEXT_ONLY)) for _ in range(4)]
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert sum(isinstance(result, Busy) for result in results) == 2
        assert all(result.retry_after_s for result in results if isinstance(result, Busy))


async def test_a_stopped_pool_refuses_and_leaves_no_process(page_bytes: bytes) -> None:
    pool = ReaderPool(SETTINGS)
    async with pool:
        (worker,) = workers()
    assert not worker.is_running()
    with pytest.raises(Unavailable):
        await pool.read_page(page_bytes, 1)


async def test_a_bad_file_does_not_cost_its_worker(pool: ReaderPool, page_bytes: bytes) -> None:
    (worker,) = workers()
    with pytest.raises(CorruptFile):
        await pool.inspect(page_bytes[:20])
    with pytest.raises(CorruptFile):
        await pool.read_page(page_bytes[:20], 1)
    assert (await pool.read_page(page_bytes, 1, TEXT_ONLY)).page.lines
    assert worker.is_running()


async def test_headers_are_looked_at_while_every_reader_is_busy(page_bytes: bytes) -> None:
    async with ReaderPool(replace(SETTINGS, inspectors=1)) as pool:
        for worker in workers():
            if worker.pid == pool._readers._idle[0].process.pid:
                worker.suspend()
        reading = asyncio.create_task(pool.read_page(page_bytes, 1, TEXT_ONLY))
        assert (await pool.inspect(page_bytes)).page_count == 1
        assert not reading.done()
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)


async def test_workers_end_when_their_parent_is_killed() -> None:
    script = (
        "import asyncio, psutil\n"
        "from ocr_service.engine.pool import PoolSettings, ReaderPool\n"
        "async def main():\n"
        "    async with ReaderPool(PoolSettings(workers=1)):\n"
        "        print(psutil.Process().children()[0].pid, flush=True)\n"
        "        await asyncio.Event().wait()\n"
        "asyncio.run(main())\n"
    )
    parent = subprocess.Popen(  # noqa: ASYNC220  a process to be killed, not one to be waited for
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    with parent:
        assert parent.stdout is not None
        worker = psutil.Process(int(parent.stdout.readline()))
        os.kill(parent.pid, signal.SIGKILL)
        gone, _ = psutil.wait_procs([worker], timeout=60)
    assert gone


async def test_a_refused_text_layer_is_replaced_by_reading_the_page(
    pool: ReaderPool, draw: Callable[..., Image.Image], encode: Callable[..., bytes]
) -> None:
    document = pymupdf.open()
    page = document.new_page(width=576, height=403)
    page.insert_image(page.rect, stream=encode(draw()))
    for row in range(6):
        page.insert_text((40, 30 + 60 * row), "Kbhvcuif nzfujdbm xpset", render_mode=3)
    read = (await pool.read_page(document.tobytes(), 1, TEXT_ONLY)).page
    assert read.text_source is TextSource.OCR
    assert "TEXT_LAYER_REFUSED" in read.warnings
    assert read.lines[0].text == "Delivery note 4711"


async def test_scrambled_visible_text_is_found_out_by_reading_a_sample(
    pool: ReaderPool, lines: tuple[str, ...]
) -> None:
    document = pymupdf.open()
    page = document.new_page(width=576, height=403)
    for row, text in enumerate(lines):
        page.insert_text((40, 40 + 50 * row), text, fontsize=18)
    sound = (await pool.read_page(document.tobytes(), 1, TEXT_ONLY)).page
    assert sound.text_source is TextSource.TEXT_LAYER
    assert tuple(line.text for line in sound.lines) == lines
    # A ToUnicode table that moves every letter: clean-looking nonsense.
    moved = "".join(f"<{c:02X}> <{0x61 + (c * 7) % 26:04X}>\n" for c in range(0x30, 0x7B))
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "1 begincodespacerange <00> <FF> endcodespacerange\n"
        f"{0x7B - 0x30} beginbfchar\n{moved}endbfchar endcmap end end"
    )
    font = page.get_fonts()[0][0]
    table = document.get_new_xref()
    document.update_object(table, "<<>>")
    document.update_stream(table, cmap.encode())
    document.xref_set_key(font, "ToUnicode", f"{table} 0 R")
    read = (await pool.read_page(document.tobytes(), 1, TEXT_ONLY)).page
    assert "TEXT_LAYER_REFUSED" in read.warnings
    assert tuple(line.text for line in read.lines) == lines


@pytest.mark.parametrize("rotation", [90, 180, 270])
async def test_a_page_on_its_side_or_head_is_read(
    pool: ReaderPool,
    rotation: int,
    draw: Callable[..., Image.Image],
    encode: Callable[..., bytes],
    lines: tuple[str, ...],
) -> None:
    turned = draw().rotate(rotation, expand=True)  # anticlockwise, so a clockwise turn mends it
    read = await pool.read_page(encode(turned), 1)
    assert read.page.rotation == rotation
    assert tuple(line.text for line in read.page.lines) == lines
    assert read.image is not None
    assert (read.image.width, read.image.height) == (800, 560)
    x, y = read.page.lines[0].box[0]
    a, b, c, d, e, f, *_ = read.image.from_page
    assert (a * x + b * y + c, d * x + e * y + f) == pytest.approx((60, 55), abs=14)


async def test_a_language_that_no_model_reads_is_not_pretended_to_be_read(
    pool: ReaderPool, page_bytes: bytes
) -> None:
    read = await pool.read_page(page_bytes, 1, ReadOptions(("hi", "en"), with_image=False))
    assert "LANGUAGE_NOT_SUPPORTED" in read.page.warnings


async def test_a_blank_page_has_no_text_and_no_warning(
    pool: ReaderPool, encode: Callable[..., bytes]
) -> None:
    page = (await pool.read_page(encode(Image.new("L", (600, 800), 255)), 1, TEXT_ONLY)).page
    assert (page.text_source, page.lines, page.warnings) == (TextSource.NONE, (), ())
