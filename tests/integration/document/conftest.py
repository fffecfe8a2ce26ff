"""The document service on a real PostgreSQL and real files, with a reader that tests direct."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubkit.testing.postgres import FreshDatabase, cluster, fresh_database
from tests.integration.document.desk import Desk, open_desk

__all__ = ["cluster", "fresh_database"]


@pytest.fixture
async def desk(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, tmp_path / "blobs") as opened:
        yield opened
