"""Stores are tested against a real PostgreSQL."""

from hubkit.testing.postgres import cluster, fresh_database

__all__ = ["cluster", "fresh_database"]
