"""A reader as a process of its own, as it runs in production."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hubkit.testing.tokens import Mesh, make_mesh


@dataclass(frozen=True)
class Served:
    target: str
    mesh: Mesh
    blobs: Path
    process: subprocess.Popen[str]
    boot_s: float


def environment(mesh: Mesh, blobs: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DOCHUB_SERVER__JWKS_FILE": str(mesh.jwks_file),
        "DOCHUB_SERVER__LISTEN": "127.0.0.1:0",
        "DOCHUB_BLOBS__ROOT": str(blobs),
        "DOCHUB_READER__WORKERS": "2",
        "DOCHUB_READER__MAX_READS": "2",
    }


def start(folder: Path, **changes: str) -> Served:
    mesh, blobs = make_mesh(folder / "mesh"), folder / "blobs"
    log = folder / "log"
    started = time.monotonic()
    with log.open("w") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "ocr_service"], env=environment(mesh, blobs) | changes,
            stderr=stderr, text=True,
        )  # fmt: skip
    target = ""
    while not target:
        assert process.poll() is None, log.read_text()
        assert time.monotonic() - started < 60, log.read_text()
        lines = [json.loads(line) for line in log.read_text().splitlines() if line[-1:] == "}"]
        target = next((line["listen"] for line in lines if line["event"] == "serving"), "")
    return Served(target, mesh, blobs, process, time.monotonic() - started)


def stop(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    try:
        assert served.process.wait(20) == 0
    finally:
        served.process.kill()


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = start(tmp_path_factory.mktemp("reader"))
    try:
        yield served
    finally:
        stop(served)
