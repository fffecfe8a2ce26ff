"""Settings from the environment, and complaints that name the variable."""

import os
from pathlib import Path

import pytest

from hubkit.config import (
    ConfigError,
    DatabaseSettings,
    ServiceSettings,
    load_settings,
    redacted,
)


class Settings(ServiceSettings):
    database: DatabaseSettings


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DOCHUB_"):
            monkeypatch.delenv(name)


def _set(monkeypatch: pytest.MonkeyPatch, **values: str) -> None:
    for name, value in values.items():
        monkeypatch.setenv(f"DOCHUB_{name}", value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, SERVER__JWKS_FILE="/keys/mesh.json", SERVER__LISTEN="[::1]:1",
         DATABASE__DSN="postgresql://u:geheim@/d", DATABASE__POOL_SIZE="3", FAULT="x")  # fmt: skip
    settings = load_settings(Settings)
    assert settings.server.jwks_file == Path("/keys/mesh.json")
    assert settings.server.listen == "[::1]:1"
    assert settings.database.pool_size == 3
    assert "geheim" not in redacted(settings)
    assert "geheim" not in repr(settings)


def test_every_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(Settings)
    assert "DOCHUB_SERVER__JWKS_FILE" in str(caught.value)
    assert "DOCHUB_DATABASE__DSN" in str(caught.value)


def test_misspelt_and_wrong_settings_are_named_without_their_values(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _set(monkeypatch, SERVER__JWKS_FILE="/k", SERVER__LISTN="x", SERVER__DRAIN_S="soon",
         DATABASE__DSN="postgresql://u:geheim@/d", DATABASE__POOL_SIZE="0")  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        load_settings(Settings)
    said = str(caught.value)
    for name in ("DOCHUB_SERVER__LISTN", "DOCHUB_SERVER__DRAIN_S", "DOCHUB_DATABASE__POOL_SIZE"):
        assert name in said
    assert "geheim" not in said
