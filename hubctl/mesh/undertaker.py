"""Ends what a supervisor that was killed has left behind, its children's children too.

The kernel's signal at a parent's death reaches children alone. This process holds the other end of
a pipe: when that ends, it ends every process group it was told of, and itself.

Lines on standard input: `keep GROUP SIGNAL` and `drop GROUP`.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable

PATIENCE_S = 8.0
"""For a database to roll back and write out; a process that was sent SIGKILL needs none."""
LOOK_S = 0.05


def main(lines: Iterable[str]) -> None:
    """Note what lives until the pipe ends, then end it."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    kept: dict[int, int] = {}
    for line in lines:
        order, *numbers = line.split()
        if order == "keep":
            kept[int(numbers[0])] = int(numbers[1])
        else:
            kept.pop(int(numbers[0]), None)
    for group, signum in kept.items():
        _send(group, signum)
    end = time.monotonic() + PATIENCE_S
    while any(_lives(group) for group in kept) and time.monotonic() < end:
        time.sleep(LOOK_S)
    for group in kept:
        _send(group, signal.SIGKILL)


def _send(group: int, signum: int) -> bool:
    try:
        os.killpg(group, signum)
    except ProcessLookupError:
        return False
    return True


def _lives(group: int) -> bool:
    return _send(group, 0)


if __name__ == "__main__":
    main(sys.stdin)
