import json
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from hubkit.core.errors import PreconditionFailed, Unavailable
from hubkit.sql.embedded import EmbeddedPostgres


@pytest.fixture
def data_dir() -> Iterator[Path]:
    # pytest's own directory is closed to the account that runs the server.
    path = Path(tempfile.mkdtemp(prefix="dochub-test-"))
    yield path
    shutil.rmtree(path)


def test_preparing_again_keeps_cluster_and_passwords(data_dir: Path) -> None:
    first = EmbeddedPostgres(data_dir)
    first.prepare()
    identity = (data_dir / "pg" / "global" / "pg_control").read_bytes()[:8]
    second = EmbeddedPostgres(data_dir)
    second.prepare()
    assert (data_dir / "pg" / "global" / "pg_control").read_bytes()[:8] == identity
    assert second.admin_dsn == first.admin_dsn
    assert second.dsn("dochub_document") == first.dsn("dochub_document")


def test_preparation_that_was_cut_short_is_made_anew(data_dir: Path) -> None:
    half = data_dir / "pg.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18")
    EmbeddedPostgres(data_dir).prepare()
    assert not half.exists()
    assert (data_dir / "pg" / "base").is_dir()


def test_only_its_user_gets_at_data_socket_and_passwords(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    server.prepare()
    server.password("dochub_document")
    for path in (
        data_dir / "pg",
        data_dir / "run" / "postgres",
        data_dir / "keys" / "database.json",
    ):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
    command = server.command()
    assert "listen_addresses=" in command
    assert not any(secret in " ".join(command) for secret in _passwords(data_dir))


def test_data_of_another_major_version_are_refused(data_dir: Path) -> None:
    EmbeddedPostgres(data_dir).prepare()
    (data_dir / "pg" / "PG_VERSION").write_text("14\n")
    with pytest.raises(PreconditionFailed, match=r"PostgreSQL 14.*restore a backup"):
        EmbeddedPostgres(data_dir).prepare()


def test_server_runs_in_a_directory_with_a_long_name(data_dir: Path) -> None:
    deep = data_dir / ("a" * 100)
    server = EmbeddedPostgres(deep)
    server.prepare()
    sockets = Path(server.admin_dsn.split("host=")[1].replace("%2F", "/"))
    assert len(os.fsencode(sockets / ".s.PGSQL.5432")) <= 103
    shutil.rmtree(sockets)


def test_socket_directory_laid_out_by_somebody_else_is_refused(data_dir: Path) -> None:
    (data_dir / "run").mkdir()
    (data_dir / "run" / "postgres").symlink_to(data_dir)
    with pytest.raises(PreconditionFailed, match="belongs to somebody else"):
        EmbeddedPostgres(data_dir).prepare()


async def test_server_that_never_comes_is_reported(data_dir: Path) -> None:
    server = EmbeddedPostgres(data_dir)
    with pytest.raises(Unavailable, match="did not start"):
        await server.wait_ready(timeout_s=0.2)


def _passwords(data_dir: Path) -> list[str]:
    found: dict[str, str] = json.loads((data_dir / "keys" / "database.json").read_text())
    return list(found.values())
