"""Fault points kill, and only the one that is asked for."""

import signal
import subprocess
import sys

import pytest

SCRIPT = """
from hubkit.faults import fault_point
for key in ("a", "b:1", "a", "a"):
    print(key, flush=True)
    fault_point("point", key)
print("end", flush=True)
"""


@pytest.mark.parametrize(
    ("fault", "passed"),
    [
        ("", ["a", "b:1", "a", "a", "end"]),
        ("other", ["a", "b:1", "a", "a", "end"]),
        ("point", ["a"]),
        ("point=a", ["a"]),
        ("point=a:2", ["a", "b:1", "a"]),
        ("point=b:1", ["a", "b:1"]),
        ("point=:3", ["a", "b:1", "a"]),
        ("point=c", ["a", "b:1", "a", "a", "end"]),
    ],
)
def test_a_fault_point_kills_at_the_hit_asked_for(fault: str, passed: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={"DOCHUB_FAULT": fault}, capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert done.stdout.split() == passed
    assert done.returncode == (0 if passed[-1] == "end" else -signal.SIGKILL)
