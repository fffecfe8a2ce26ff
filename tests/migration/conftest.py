"""Migrations on a real server: the wheel's, or the one that the environment names."""

import pytest

from hubkit.testing.postgres import Cluster, FreshDatabase, cluster

__all__ = ["cluster"]


@pytest.fixture(scope="session")
def migrated(cluster: Cluster) -> FreshDatabase:
    return cluster.fresh_database()
