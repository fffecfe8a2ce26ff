"""A worker process: `python -m ocr_service.engine.worker FD PARENT`.

It reads one page at a time from the socket it inherits, and dies with the process that started it.
"""

import ctypes
import os
import signal
import socket
import sys
import traceback

import cv2

from hubkit.core.errors import HubError
from hubkit.faults import fault_point
from ocr_service.engine.protocol import (
    Failed,
    Inspect,
    ReadPage,
    Ready,
    Reply,
    Request,
    Setup,
    framed,
    receive,
)
from ocr_service.engine.reader import PageReader
from ocr_service.intake.files import inspect

PR_SET_PDEATHSIG = 1


class Worker:
    """Answers one request after the other."""

    def __init__(self, setup: Setup) -> None:
        """Load what the setup asks for."""
        self._setup = setup
        self._reader = self._load() if setup.preload else None

    def answer(self, request: Request) -> Reply:
        """Do what is asked; whatever goes wrong becomes a reply."""
        try:
            match request:
                case Inspect(data):
                    return inspect(data, self._setup.limits)
                case ReadPage():
                    return self._read(request)
        except HubError as error:
            return Failed(error)
        except Exception as exc:  # noqa: BLE001  a defect must not end the process; the pool logs it
            last = traceback.extract_tb(exc.__traceback__)[-1]
            return Failed(None, f"{type(exc).__name__} in {last.name}, line {last.lineno}")

    def _read(self, request: ReadPage) -> Reply:
        if self._reader is None:
            self._reader = self._load()
        if request.data is not None:
            self._reader.open(request.digest, request.data)
        fault_point("ocr.page", f"{request.digest}:{request.number}")
        return self._reader.read(request.number, request.options, alone=request.alone)

    def _load(self) -> PageReader:
        setup = self._setup
        return PageReader(
            setup.threads, setup.limits, setup.backend, engine=setup.engine, first=setup.first
        )


def die_with(parent: int) -> None:
    """Ask the kernel to kill this process when its parent ends, however it ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit(1)


def main() -> None:
    """Serve the pool until it hangs up."""
    line = socket.socket(fileno=int(sys.argv[1]))
    die_with(int(sys.argv[2]))
    # Ctrl-C goes to the whole group of processes; the pool decides what becomes of its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = receive(line)
    if not isinstance(setup, Setup):
        return
    cv2.setNumThreads(1)  # the cores are other workers'
    try:
        worker = Worker(setup)
    except HubError as error:
        line.sendall(framed(Failed(error)))
        return
    line.sendall(framed(Ready()))
    while isinstance(request := receive(line), Inspect | ReadPage):
        line.sendall(framed(worker.answer(request)))


if __name__ == "__main__":
    main()
