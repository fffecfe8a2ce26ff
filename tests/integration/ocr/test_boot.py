"""The reader's settings as they are read at its start."""

import subprocess
import sys
from pathlib import Path
from typing import Protocol

import pytest

from hubkit.testing.tokens import Mesh


class Served(Protocol):
    mesh: Mesh
    blobs: Path


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"DOCHUB_READER__WORKERS": "0"}, "DOCHUB_READER__WORKERS"),
        ({"DOCHUB_READER__WORKER": "1"}, "DOCHUB_READER__WORKER:"),
        ({"DOCHUB_BLOBS__ROOT": "/proc/none"}, "ocr can't start: "),
        ({"DOCHUB_SERVER__JWKS_FILE": ""}, "ocr can't start"),
    ],
)
def test_wrong_settings_end_in_a_plain_sentence(
    changes: dict[str, str], said: str, reader: Served
) -> None:
    wanted = {
        "DOCHUB_SERVER__JWKS_FILE": str(reader.mesh.jwks_file),
        "DOCHUB_BLOBS__ROOT": str(reader.blobs),
    }
    done = subprocess.run(
        [sys.executable, "-m", "ocr_service", "--check"], env=wanted | changes,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
