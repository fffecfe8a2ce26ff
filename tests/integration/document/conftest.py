"""The document service on a real PostgreSQL and real files, with a reader that tests direct."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from hubkit.testing.postgres import FreshDatabase, cluster, fresh_database
from hubkit.testing.tokens import make_mesh
from tests.integration.document.desk import Desk, open_desk
from tests.integration.document.house import House

__all__ = ["cluster", "fresh_database"]


@pytest.fixture
async def desk(fresh_database: FreshDatabase, tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_desk(fresh_database, tmp_path / "blobs") as opened:
        yield opened


@pytest.fixture(scope="module")
def house(
    fresh_database: FreshDatabase, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    built = House(folder, make_mesh(folder / "mesh"), fresh_database)
    built.start_reader()
    try:
        yield built
    finally:
        built.stop()
