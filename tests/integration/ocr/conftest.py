"""A reader as a process of its own, as it runs in production."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import pytest

from hubkit.testing.tokens import Mesh, make_mesh


@dataclass(frozen=True)
class Served:
    target: str
    mesh: Mesh
    blobs: Path
    process: subprocess.Popen[str]
    reading: Thread


def environment(mesh: Mesh, blobs: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "DOCHUB_SERVER__JWKS_FILE": str(mesh.jwks_file),
        "DOCHUB_SERVER__LISTEN": "127.0.0.1:0",
        "DOCHUB_BLOBS__ROOT": str(blobs),
        "DOCHUB_READER__WORKERS": "2",
        "DOCHUB_READER__MAX_READS": "2",
    }


def start(folder: Path) -> Served:
    mesh, blobs = make_mesh(folder / "mesh"), folder / "blobs"
    process = subprocess.Popen(
        [sys.executable, "-m", "ocr_service"], env=environment(mesh, blobs),
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        event = json.loads(line)
        if event["event"] == "serving":
            # Someone must go on reading, or the process stops at a full pipe.
            reading = Thread(target=process.stderr.read, daemon=True)
            reading.start()
            return Served(event["listen"], mesh, blobs, process, reading)
    raise AssertionError("the reader ended before it served")


def stop(served: Served) -> None:
    served.process.send_signal(signal.SIGTERM)
    try:
        assert served.process.wait(20) == 0
    finally:
        served.process.kill()
        served.process.wait()
        served.reading.join()
        if served.process.stderr is not None:
            served.process.stderr.close()


@pytest.fixture(scope="session")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = start(tmp_path_factory.mktemp("reader"))
    try:
        yield served
    finally:
        stop(served)
