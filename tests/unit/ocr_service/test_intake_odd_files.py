"""Odd files: each ends as expected, none hangs, kills a process or passes for a blank page."""

import time
import tomllib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from hubkit.core.errors import HubError
from ocr_service.domain.page import Page
from ocr_service.domain.page_read import ReadOptions
from ocr_service.engine.pool import PoolSettings, ReaderPool

FOLDER = Path(__file__).resolve().parents[2] / "data" / "odd"
NO_IMAGE = ReadOptions(with_image=False)
PATIENCE_S = 90
"""A page may take 20 s of processor time, on a crowded machine thrice that by the clock."""


@dataclass(frozen=True, slots=True)
class Expected:
    refused: str = ""
    failed: str = ""
    pages: int = 1
    source: str = "TEXT_LAYER"
    file: tuple[str, ...] = ()
    page: tuple[str, ...] = ()
    says: str = ""


def table() -> dict[str, Expected]:
    rows: dict[str, dict[str, Any]] = tomllib.loads((FOLDER / "expected.toml").read_text("utf-8"))
    for row in rows.values():
        row |= {key: tuple(row[key]) for key in ("file", "page") if key in row}
    return {name: Expected(**row) for name, row in rows.items()}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def pool() -> AsyncIterator[ReaderPool]:
    async with ReaderPool(PoolSettings(workers=1)) as started:
        yield started


def words_of(page: Page) -> str:
    return " ".join(line.text for line in page.lines)


def test_every_odd_file_has_its_expectation() -> None:
    files = {path.name for path in FOLDER.iterdir() if path.is_file()}
    tools = {"expected.toml", "ORIGIN.md", "make.py", "pdf_parts.py"}
    assert files - tools == set(table())


@pytest.mark.asyncio(loop_scope="module")
@pytest.mark.parametrize(("name", "expected"), table().items(), ids=table())
async def test_an_odd_file_ends_as_expected(
    name: str, expected: Expected, pool: ReaderPool
) -> None:
    data = (FOLDER / name).read_bytes()
    started = time.monotonic()
    if expected.refused:
        with pytest.raises(HubError) as refusal:
            await pool.inspect(data)
        assert refusal.value.reason == expected.refused
        return
    facts = await pool.inspect(data)
    assert facts.page_count == expected.pages
    assert facts.warnings == expected.file
    if expected.failed:
        with pytest.raises(HubError) as failure:
            await pool.read_page(data, 1, NO_IMAGE)
        assert failure.value.reason in expected.failed.split(" or ")
        return
    pages = [
        (await pool.read_page(data, number, NO_IMAGE)).page
        for number in range(1, expected.pages + 1)
    ]
    assert pages[0].text_source.value == expected.source
    assert pages[-1].warnings == expected.page
    assert expected.says in words_of(pages[0])
    for page in pages:
        assert page.lines or page.warnings or name in ("blank.pdf", "blank.png")
    assert time.monotonic() - started < PATIENCE_S
