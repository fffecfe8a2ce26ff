"""A real S3 server for tests: OpenStack Swift, which checks every signature.

Its packages conflict with the product's, so they have an environment of their own, made when it is
first needed. A `conftest.py` imports the fixture: `from hubkit.testing.s3 import s3_server`.
"""

import fcntl
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Self

import pytest
from minio import Minio
from pydantic import SecretStr

from hubkit.config import BlobSettings

ROOT: Final = Path(__file__).parents[2]
REQUIREMENTS: Final = ROOT / "tests" / "swift-requirements.txt"
ENVIRONMENT: Final = ROOT / ".tools" / "swift"

_REGION: Final = "us-east-1"
_ACCESS_KEY: Final = "dochub:app"
_START_S: Final = 60.0
_KINDS: Final = ("account", "container", "object")

_STORAGE: Final = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {dir}
devices = {dir}/devices
mount_check = false
disable_fallocate = true
log_level = WARNING
[pipeline:main]
pipeline = {kind}-server
[app:{kind}-server]
use = egg:swift#{kind}
"""

_PROXY: Final = """
[DEFAULT]
bind_ip = 127.0.0.1
bind_port = {port}
workers = 0
user = {user}
swift_dir = {dir}
log_level = WARNING
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth bulk slo dlo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:s3api]
use = egg:swift#s3api
location = {region}
[filter:tempauth]
use = egg:swift#tempauth
user_dochub_app = {secret} .admin
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:dlo]
use = egg:swift#dlo
"""

_CLUSTER: Final = """
[swift-hash]
swift_hash_path_suffix = tests
swift_hash_path_prefix = tests
[storage-policy:0]
name = tests
default = yes
"""


class S3Server:
    """A running server; `with` stops it and takes its files away.

    Attributes:
        endpoint: `host:port`.
    """

    def __init__(self) -> None:
        self._secret = os.urandom(16).hex()
        self._dir = Path(tempfile.mkdtemp(prefix="dochub-s3-"))
        self._stack = ExitStack()
        self._stack.callback(shutil.rmtree, self._dir)
        self._buckets = 0
        self.endpoint = ""

    def __enter__(self) -> Self:
        try:
            self._start(_environment())
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def settings(self) -> BlobSettings:
        """Make a new bucket, and give the settings that reach it."""
        self._buckets += 1
        settings = BlobSettings(
            kind="s3",
            s3_endpoint=self.endpoint,
            s3_region=_REGION,
            s3_bucket=f"test-{self._buckets}",
            s3_access_key=_ACCESS_KEY,
            s3_secret_key=SecretStr(self._secret),
            s3_secure=False,
        )
        self._client().make_bucket(settings.s3_bucket)
        return settings

    def _client(self) -> Minio:
        return Minio(self.endpoint, _ACCESS_KEY, self._secret, secure=False, region=_REGION)

    def _start(self, programs: Path) -> None:
        (self._dir / "swift.conf").write_text(_CLUSTER)
        (self._dir / "devices" / "d1").mkdir(parents=True)
        facts = {
            "dir": self._dir,
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "region": _REGION,
            "secret": self._secret,
        }
        ports = _free_ports(len(_KINDS) + 1)
        for kind, port in zip(_KINDS, ports, strict=False):
            self._make_ring(programs, kind, port)
            config = self._dir / f"{kind}.conf"
            config.write_text(_STORAGE.format(kind=kind, port=port, **facts))
            self._run(programs / f"swift-{kind}-server", config)
        config = self._dir / "proxy.conf"
        config.write_text(_PROXY.format(port=ports[-1], **facts))
        self._run(programs / "swift-proxy-server", config)
        self.endpoint = f"127.0.0.1:{ports[-1]}"
        self._wait()

    def _make_ring(self, programs: Path, kind: str, port: int) -> None:
        builder = [str(programs / "swift-ring-builder"), f"{kind}.builder"]
        for words in (
            ["create", "4", "1", "0"],
            ["add", f"r1z1-127.0.0.1:{port}/d1", "1"],
            ["rebalance"],
        ):
            subprocess.run(  # noqa: S603 - Swift's own program
                [*builder, *words], cwd=self._dir, check=True, capture_output=True
            )

    def _run(self, program: Path, config: Path) -> None:
        log = self._stack.enter_context(config.with_suffix(".log").open("wb"))
        process = subprocess.Popen(  # noqa: S603 - Swift's own program
            [str(program), str(config)],
            stdout=log,
            stderr=log,
            env={"PATH": os.defpath, "SWIFT_DIR": str(self._dir)},
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)

    def _wait(self) -> None:
        deadline = time.monotonic() + _START_S
        while True:
            try:
                self._client().list_buckets()
            except Exception as error:
                if time.monotonic() > deadline:
                    logs = "\n".join(path.read_text() for path in self._dir.glob("*.log"))
                    raise RuntimeError(f"Swift did not start:\n{logs}") from error
                time.sleep(0.2)
            else:
                return


def _environment() -> Path:
    """Make Swift's environment unless its lock is unchanged; gives where its programs are."""
    ENVIRONMENT.parent.mkdir(exist_ok=True)
    mark = ENVIRONMENT / "lock.txt"
    with (ENVIRONMENT.parent / "swift.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test runs beside each other make it once
        if not mark.exists() or mark.read_bytes() != REQUIREMENTS.read_bytes():
            venv.create(ENVIRONMENT, clear=True, with_pip=True)
            subprocess.run(  # noqa: S603 - pip, with hashes
                [
                    *(str(ENVIRONMENT / "bin" / "python"), "-m", "pip", "install", "--quiet"),
                    *("--require-hashes", "-r", str(REQUIREMENTS)),
                ],
                check=True,
                stdout=sys.stderr,
            )
            shutil.copy(REQUIREMENTS, mark)
    return ENVIRONMENT / "bin"


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """One server for the whole session."""
    with S3Server() as running:
        yield running
