"""Stores are tested against the real things: PostgreSQL, a directory, an S3 server."""

from hubkit.testing.postgres import cluster, fresh_database
from hubkit.testing.s3 import s3_server

__all__ = ["cluster", "fresh_database", "s3_server"]
