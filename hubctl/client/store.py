"""Sessions kept on disk between commands, readable by their owner alone."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from hubkit.core.errors import PreconditionFailed


@dataclass(frozen=True, slots=True)
class StoredSession:
    """Somebody signed in at one hub.

    Attributes:
        url: The hub.
        email: Who.
        tenant: Where, by its short name.
        refresh_token: Secret; works once.
        access_token: Secret; works until it ends.
        access_expires: When that is, in seconds since 1970.
        ca_path: Certificate to trust; empty for those of the system.
    """

    url: str
    email: str
    tenant: str
    refresh_token: str
    access_token: str
    access_expires: float
    ca_path: str = ""

    @property
    def ca_file(self) -> Path | None:
        """The certificate to trust."""
        return Path(self.ca_path) if self.ca_path else None


class SessionStore:
    """One file, `sessions.json`, in a folder.

    Args:
        folder: Where; by default the user's configuration folder.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or config_folder()
        self._file = self._folder / "sessions.json"

    def get(self, url: str) -> StoredSession | None:
        """Give the session at a hub."""
        raw = self._read()["sessions"].get(url)
        return StoredSession(**raw) if raw else None

    def last(self) -> StoredSession | None:
        """Give the session that was last made or used."""
        return self.get(str(self._read()["last"]))

    def put(self, session: StoredSession) -> None:
        """Keep a session in place of the one at the same hub."""
        content = self._read()
        content["sessions"][session.url] = asdict(session)
        content["last"] = session.url
        self._write(content)

    def remove(self, url: str) -> None:
        """Forget the session at a hub."""
        content = self._read()
        content["sessions"].pop(url, None)
        self._write(content)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other commands from refreshing at the same time."""
        self._make_folder()
        with (self._folder / "lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._file.read_text())
        except FileNotFoundError:
            return {"last": "", "sessions": {}}
        except (OSError, ValueError):
            raise PreconditionFailed(
                f"can't read {self._file}: remove it and sign in again"
            ) from None
        return {"last": content["last"], "sessions": content["sessions"]}

    def _write(self, content: dict[str, Any]) -> None:
        self._make_folder()
        draft = self._file.with_name(f"{self._file.name}.{os.getpid()}")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file)
        draft.replace(self._file)

    def _make_folder(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)


def config_folder() -> Path:
    """Give the folder of the user's settings for this program."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "dochub"
