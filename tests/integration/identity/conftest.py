"""Identity for each test: a house with its database, and a client at its door."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubkit.testing.postgres import FreshDatabase, cluster, fresh_database
from hubkit.testing.tokens import make_mesh
from tests.integration.identity.house import Client, Clock, House

__all__ = ["cluster", "fresh_database"]


@pytest.fixture
def house(fresh_database: FreshDatabase, tmp_path: Path) -> House:
    return House(fresh_database, make_mesh(tmp_path), Clock())


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with house.served() as client:
        yield client
