"""Tesseract itself as the reader of lines: words, boxes, its end with the page."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from PIL import Image

from hubkit.core.errors import InvalidArgument, PreconditionFailed
from ocr_service.domain.errors import PageTimeout
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine import engines
from ocr_service.engine.pool import PoolSettings, ReaderPool

pytestmark = pytest.mark.tesseract
SETTINGS = PoolSettings(workers=1, threads=1, page_timeout_s=60, engine="tesseract")
ENGLISH = ReadOptions(("en",), with_image=False)


async def test_lines_have_words_with_boxes_in_order(
    draw: Callable[..., Image.Image], encode: Callable[..., bytes], lines: tuple[str, ...]
) -> None:
    async with ReaderPool(SETTINGS) as pool:
        page = (await pool.read_page(encode(draw()), 1, ENGLISH)).page
        unknown = ReadOptions(("en", "xh"), with_image=False)
        warned = (await pool.read_page(encode(draw()), 1, unknown)).page
    assert tuple(line.text for line in page.lines) == lines
    assert warned.warnings == ("LANGUAGE_NOT_SUPPORTED",)
    first = page.lines[0]
    assert [word.text for word in first.words] == lines[0].split()
    lefts = [word.box[0][0] for word in first.words]
    assert lefts == sorted(lefts)
    assert lefts[0] == pytest.approx(60, abs=8)
    assert all(0.5 < line.confidence <= 1 for line in page.lines)


async def test_it_ends_with_its_page(
    draw: Callable[..., Image.Image], encode: Callable[..., bytes]
) -> None:
    many = tuple(f"Line number {i} of a long letter" for i in range(60))
    picture = encode(draw(many, (1600, 2600), 16))
    async with ReaderPool(replace(SETTINGS, page_timeout_s=30)) as pool:
        (worker,) = psutil.Process().children()
        reading = asyncio.create_task(pool.read_page(picture, 1, ENGLISH))
        while not (children := worker.children()):
            assert not reading.done()
            await asyncio.sleep(0.01)  # nothing tells of a grandchild but looking
        worker.suspend()
        children[0].suspend()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        gone, alive = psutil.wait_procs([worker, *children], timeout=10)
    assert not alive
    assert len(gone) == 2


async def test_a_page_over_its_time_is_given_up(
    draw: Callable[..., Image.Image], encode: Callable[..., bytes]
) -> None:
    many = tuple(f"Line number {i} of a long letter" for i in range(60))
    async with ReaderPool(replace(SETTINGS, page_timeout_s=0.2)) as pool:
        with pytest.raises(PageTimeout):
            await pool.read_page(encode(draw(many, (1600, 2600), 16)), 1, ENGLISH)


async def test_where_it_is_missing_nothing_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    engines._installed.cache_clear()
    try:
        with pytest.raises(PreconditionFailed, match="tesseract is not installed"):
            async with ReaderPool(SETTINGS):
                pass
    finally:
        engines._installed.cache_clear()


async def test_a_model_that_was_not_pulled_is_told_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCHUB_MODELS", str(tmp_path))
    own = replace(SETTINGS, engine="own")
    with pytest.raises(PreconditionFailed, match="dochub models pull thai_ppocrv5"):
        async with ReaderPool(replace(own, first_model="thai_ppocrv5")):
            pass
    with pytest.raises(InvalidArgument, match="western_thai"):
        async with ReaderPool(replace(own, first_model="klingon")):
            pass
