"""Migrations run on the server of the wheel and on the oldest one that is supported."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hubkit.testing.postgres import Cluster, FreshDatabase

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")


@pytest.fixture(scope="session", params=["embedded", "debian-15"])
def server(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    binaries = DEBIAN_15 if request.param == "debian-15" else None
    if binaries is not None and not (binaries / "postgres").exists():
        pytest.fail("PostgreSQL 15 is not installed: apt-get install postgresql-15", pytrace=False)
    with Cluster(binaries=binaries) as running:
        yield running


@pytest.fixture(scope="session")
def migrated(server: Cluster) -> FreshDatabase:
    return server.fresh_database()
