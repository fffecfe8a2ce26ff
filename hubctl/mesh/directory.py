"""The data directory: everything a hub on one computer keeps, under one lock."""

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import psutil

from hubkit.core.errors import PreconditionFailed

DEFAULT: Final = Path(".dochub")
_FAST_STOP_S: Final = 10.0  # for a database to write out what it has
_SLACK_S: Final = 2.0  # start times are told in ticks


class AlreadyUp(PreconditionFailed):
    """Another `dochub up` works on this data directory."""


@dataclass(frozen=True, slots=True)
class ProcessState:
    """One process of the mesh.

    Attributes:
        pid: Its id and that of its group.
        started: When, in seconds since 1970; tells it from another that got its number.
        restarts: How often it was started again.
        target: Where it listens, as `host:port`; empty for the database.
    """

    pid: int
    started: float
    restarts: int
    target: str


@dataclass(frozen=True, slots=True)
class MeshState:
    """What runs on a data directory; `run/mesh.json`.

    Attributes:
        url: The gateway, for clients.
        ca_file: The certificate to trust.
        pid: Of `dochub up`.
        ready: Whether every part is.
        processes: The parts, by name.
    """

    url: str
    ca_file: str
    pid: int
    ready: bool
    processes: dict[str, ProcessState]


@dataclass(frozen=True, slots=True)
class DataDirectory:
    """Names the places below one folder."""

    root: Path

    @property
    def keys(self) -> Path:
        """Private keys and passwords."""
        return self.root / "keys"

    @property
    def jwks(self) -> Path:
        """Public keys."""
        return self.root / "jwks"

    @property
    def tls(self) -> Path:
        """The gateway's certificate and its key."""
        return self.root / "tls"

    @property
    def blobs(self) -> Path:
        """Files and page images."""
        return self.root / "blobs"

    @property
    def run(self) -> Path:
        """What lives only while the mesh does."""
        return self.root / "run"

    @property
    def logs(self) -> Path:
        """One file a process."""
        return self.root / "logs"

    @property
    def first_admin(self) -> Path:
        """Says whom the first start enrolled."""
        return self.root / "first-admin.json"

    def prepare(self) -> None:
        """Make the folders, closed to others; the root may be entered, as the database's user must.

        Raises:
            PreconditionFailed: They cannot be made.
        """
        try:
            self.root.mkdir(mode=0o711, parents=True, exist_ok=True)
            for folder in (self.keys, self.tls, self.blobs, self.logs):
                folder.mkdir(mode=0o700, exist_ok=True)
            self.run.mkdir(mode=0o711, exist_ok=True)
            self.jwks.mkdir(mode=0o755, exist_ok=True)
        except OSError as error:
            raise PreconditionFailed(
                f"can't use {self.root} as the data directory: {error.strerror}"
            ) from None

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the directory for one mesh.

        Raises:
            AlreadyUp: Another one holds it.
        """
        path = self.run / "lock"
        with path.open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                state = self.read_state()
                where = f" as process {state.pid}, at {state.url}" if state else ""
                raise AlreadyUp(
                    f"`dochub up` already runs on {self.root}{where}; "
                    "stop it, or name another --data-dir and --port"
                ) from None
            yield

    def write_state(self, state: MeshState) -> None:
        """Say what runs; whole or not at all."""
        draft = self.run / "mesh.json.new"
        draft.write_text(json.dumps(asdict(state), indent=2))
        draft.chmod(0o600)
        draft.replace(self.run / "mesh.json")

    def read_state(self) -> MeshState | None:
        """Tell what runs, or ran last; None when nothing did."""
        try:
            raw = json.loads((self.run / "mesh.json").read_text())
            processes = {name: ProcessState(**one) for name, one in raw.pop("processes").items()}
            return MeshState(**raw, processes=processes)
        except (OSError, ValueError, TypeError, KeyError):
            return None

    def forget_state(self) -> None:
        """Say that nothing runs."""
        (self.run / "mesh.json").unlink(missing_ok=True)

    def end_leftovers(self) -> list[str]:
        """End processes of an earlier run that outlived it; gives their names.

        To be called under the lock: then nobody else's mesh is meant.
        """
        state = self.read_state()
        found = [
            (name, one.pid)
            for name, one in (state.processes if state else {}).items()
            if _is_same(one)
        ]
        postmaster = self._stale_postmaster()
        if postmaster and postmaster not in [pid for _, pid in found]:
            found.append(("postgres", postmaster))
        for name, pid in found:
            if name != "postgres":
                _kill_group(pid)
        for name, pid in found:
            if name == "postgres":
                _stop_postmaster(pid)
        return [name for name, _ in found]

    def _stale_postmaster(self) -> int | None:
        """Find a postmaster on our cluster by the file it keeps there."""
        cluster = self.root / "pg"
        try:
            pid = int((cluster / "postmaster.pid").read_text().splitlines()[0])
            command = psutil.Process(pid).cmdline()
        except (OSError, ValueError, IndexError, psutil.Error):
            return None
        return pid if str(cluster.resolve()) in command else None


def _is_same(process: ProcessState) -> bool:
    try:
        found = psutil.Process(process.pid)
        is_dead = found.status() == psutil.STATUS_ZOMBIE
        return not is_dead and abs(found.create_time() - process.started) < _SLACK_S
    except psutil.Error:
        return False


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _stop_postmaster(pid: int) -> None:
    """Have it roll back and end; then have it end at once, which it mends at the next start."""
    try:
        process = psutil.Process(pid)
        for signum in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            process.send_signal(signum)
            with contextlib.suppress(psutil.TimeoutExpired):
                process.wait(_FAST_STOP_S)
                return
    except psutil.NoSuchProcess:
        return
