"""The other readers, each in a process of its own so that its memory can be told.

Pages go to each as bytes and come back as lines; the time is that of the one page, decoding in.
"""

import multiprocessing
import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from bench.scoring import TextLine  # noqa: TID251  nothing else imports it

Read = Callable[[bytes], list[TextLine]]


def rapidocr(engine: str) -> Read:
    """RapidOCR as it comes, on the engine of that name."""
    # Not in the process that measures, whose memory must stay small.
    import cv2  # noqa: PLC0415  see above
    import numpy as np  # noqa: PLC0415  see above
    from rapidocr import EngineType, RapidOCR  # noqa: PLC0415  see above

    kind = EngineType(engine)
    params = {f"{part}.engine_type": kind for part in ("Det", "Cls", "Rec")}
    reader = RapidOCR(params={"Global.log_level": "error", **params})

    def read(data: bytes) -> list[TextLine]:
        pixels: Any = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        out: Any = reader(pixels)
        if out.boxes is None:
            return []
        return [
            TextLine(text, tuple(map(tuple, box.tolist())))
            for text, box in zip(out.txts, out.boxes, strict=True)
        ]

    return read


def tesseract() -> Read:
    """Tesseract for English, lines from its table of words."""

    def read(data: bytes) -> list[TextLine]:
        command = ["tesseract", "stdin", "stdout", "-l", "eng", "--psm", "3", "tsv"]
        done = subprocess.run(command, input=data, capture_output=True, check=True)
        lines: dict[tuple[str, ...], list[list[str]]] = {}
        for row in done.stdout.decode().splitlines()[1:]:
            cells = row.split("\t")
            if cells[0] == "5" and cells[11].strip():
                lines.setdefault(tuple(cells[1:5]), []).append(cells)
        return [_line(words) for words in lines.values()]

    return read


def _line(words: list[list[str]]) -> TextLine:
    x0, y0 = (min(float(word[i]) for word in words) for i in (6, 7))
    x1 = max(float(word[6]) + float(word[8]) for word in words)
    y1 = max(float(word[7]) + float(word[9]) for word in words)
    text = " ".join(word[11] for word in words)
    return TextLine(text, ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))


PEERS: dict[str, Callable[[], Read]] = {
    "rapidocr": lambda: rapidocr("onnxruntime"),
    "rapidocr-openvino": lambda: rapidocr("openvino"),
    "tesseract": tesseract,
}


def versions() -> dict[str, str]:
    """Tell the versions of what can be measured here."""
    found = {"rapidocr": version("rapidocr"), "rapidocr-openvino": version("openvino")}
    if shutil.which("tesseract"):
        told = subprocess.run(["tesseract", "--version"], capture_output=True, check=True)
        found["tesseract"] = (told.stdout or told.stderr).split()[1].decode()
    return found


def _serve(name: str, line: Connection) -> None:
    read = PEERS[name]()
    while data := line.recv():
        began = time.perf_counter()
        lines = read(data)
        line.send((lines, time.perf_counter() - began))
    # Of a program that is started anew for each page, the largest.
    started = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    line.send(started if name == "tesseract" else peak_mib(os.getpid()))


@dataclass(slots=True)
class Peer:
    """A reader in its process."""

    name: str
    process: Any
    line: Connection

    @classmethod
    def start(cls, name: str) -> "Peer":
        """Start one of `PEERS`."""
        ours, theirs = multiprocessing.Pipe()
        process = multiprocessing.get_context("spawn").Process(target=_serve, args=(name, theirs))
        process.start()
        return cls(name, process, ours)

    def read(self, data: bytes) -> tuple[list[TextLine], float]:
        """Read a page; gives its lines and the seconds it took."""
        self.line.send(data)
        lines, seconds = self.line.recv()
        return lines, seconds

    def stop(self) -> int:
        """End it; gives the most memory, MiB, that it has held."""
        self.line.send(b"")
        peak = int(self.line.recv())
        self.process.join()
        return peak


def peak_mib(pid: int) -> int:
    """The most memory that a process has held."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    kib = next(row for row in status.splitlines() if row.startswith("VmHWM"))
    return int(kib.split()[1]) >> 10


def load() -> float:
    """Processes that wanted a core over the last minute."""
    return round(os.getloadavg()[0], 1)
