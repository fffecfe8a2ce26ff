import os
import subprocess
import sys
from pathlib import Path

import pytest

from hubkit.testing.postgres import FreshDatabase
from hubkit.testing.tokens import make_mesh


def run(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "document_service", *arguments],
        env={"PATH": os.environ["PATH"]} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def settings(fresh_database: FreshDatabase, tmp_path: Path) -> dict[str, str]:
    mesh = make_mesh(tmp_path / "mesh")
    return {
        "DOCHUB_SERVER__JWKS_FILE": str(mesh.jwks_file),
        "DOCHUB_SERVER__SERVICE_KEY_FILE": str(mesh.folder / "keys/document.pem"),
        "DOCHUB_DATABASE__DSN": fresh_database.dsn("dochub_document"),
        "DOCHUB_BLOBS__ROOT": str(tmp_path / "blobs"),
    }


def test_settings_are_checked_and_printed_without_secrets(settings: dict[str, str]) -> None:
    assert run("--check", **settings).returncode == 0
    printed = run("--print-config", **settings)
    assert printed.returncode == 0
    assert '"ocr_target": "127.0.0.1:50052"' in printed.stdout
    assert settings["DOCHUB_DATABASE__DSN"] not in printed.stdout


def test_missing_and_impossible_settings_are_named(settings: dict[str, str]) -> None:
    refused = run(**settings | {"DOCHUB_WORKER__SLOTS": "1"})
    assert refused.returncode == 1
    assert "DOCHUB_WORKER__SLOTS" in refused.stderr
    del settings["DOCHUB_DATABASE__DSN"]
    refused = run(**settings)
    assert "DOCHUB_DATABASE__DSN" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_database_without_the_schema_is_refused_with_what_to_do(
    fresh_database: FreshDatabase, settings: dict[str, str]
) -> None:
    other = fresh_database.dsn("postgres").replace(fresh_database.name, "postgres")
    refused = run("--check", **settings | {"DOCHUB_DATABASE__DSN": other})
    assert refused.returncode == 1
    assert "dochub migrate" in refused.stderr
