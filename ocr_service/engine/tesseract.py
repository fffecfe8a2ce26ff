"""Tesseract as the reader of lines, where it is installed and asked for.

Our detection, turning and crops stay; each line goes to Tesseract as one page of a TIFF, so that it
loads its models once for all lines of a page. Its words come back as a best path over code points,
which is what every other recogniser gives.
"""

import io
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from itertools import chain

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ocr_service.domain.errors import WorkerLost
from ocr_service.engine.engines import TESSERACT_CODES
from paperwork.values.text import has_thai

USUAL = ("th", "en")
"""Read where no language is asked for."""
BORDER_PX = 8
"""Tesseract misses letters that touch the rim."""
STEPS_PER_PX = 4
"""So that each letter of a narrow Thai cluster has two time steps of its own."""
THAI_SPACE_PX = 12
"""Tesseract parts Thai into bits; on a strip 48 pixels high a wider gap is a space."""
ALPHABET = tuple(map(chr, range(1, 0x10000)))
"""Class and code point are one."""

Strip = NDArray[np.uint8]
Path = tuple[NDArray[np.int64], NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class Bit:
    """What Tesseract calls a word.

    Attributes:
        text: Its characters.
        confidence: In [0, 1].
        start: Left edge, pixels of the strip.
        end: Right edge.
    """

    text: str
    confidence: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class TesseractRecogniser:
    """Tesseract as a `LineRecogniser`.

    Attributes:
        languages: In its own spelling, such as `tha+eng`.
        crew: Threads, each with a process of its own; None for one process.
        lanes: How many threads there are.
    """

    languages: str
    crew: ThreadPoolExecutor | None = None
    lanes: int = 1

    @classmethod
    def reading(cls, wanted: Sequence[str], there: frozenset[str]) -> "TesseractRecogniser":
        """Make one for ISO 639-1 codes out of those that are there."""
        chosen = wanted or [code for code in USUAL if code in there] or sorted(there)[:1]
        return cls("+".join(TESSERACT_CODES[code] for code in chosen))

    @property
    def alphabet(self) -> tuple[str, ...]:
        """The characters of classes 1, 2 and so on."""
        return ALPHABET

    def with_crew(self, crew: ThreadPoolExecutor | None, lanes: int) -> "TesseractRecogniser":
        """Give the same recogniser for a page that has these threads."""
        return replace(self, crew=crew, lanes=lanes if crew else 1)

    def best_paths(self, strips: Sequence[Strip]) -> list[Path]:
        """Give class and confidence at each time step of each (48, W, 3) BGR strip.

        Raises:
            WorkerLost: Tesseract ended without an answer.
        """
        if not strips:
            return []
        size = -(-len(strips) // self.lanes)
        shares = [strips[i : i + size] for i in range(0, len(strips), size)]
        read = self.crew.map(self._read, shares) if self.crew else map(self._read, shares)
        bits = chain.from_iterable(read)
        return [_path(own, strip.shape[1]) for own, strip in zip(bits, strips, strict=True)]

    def _read(self, strips: Sequence[Strip]) -> list[list[Bit]]:
        command = [*_bound_to_us(), "tesseract", "stdin", "stdout", "-l", self.languages]
        done = subprocess.run(  # noqa: S603  no shell; its name and languages are ours
            [*command, "--psm", "7", "-c", "tessedit_create_tsv=1"],
            input=_sheets(strips),
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise WorkerLost(f"tesseract ended with status {done.returncode}")
        return _bits(done.stdout.decode(), len(strips))


@cache
def _bound_to_us() -> tuple[str, ...]:
    """Have the kernel end it with this process, which the pool kills with the page."""
    return ("setpriv", "--pdeathsig", "KILL", "--") if shutil.which("setpriv") else ()


def _sheets(strips: Sequence[Strip]) -> bytes:
    """Write a TIFF with a page for each strip."""
    pages = [Image.fromarray(_bordered(strip)) for strip in strips]
    out = io.BytesIO()
    pages[0].save(out, "TIFF", save_all=True, append_images=pages[1:], dpi=(300, 300))
    return out.getvalue()


def _bordered(strip: Strip) -> Strip:
    grey = cv2.cvtColor(strip, cv2.COLOR_BGR2GRAY)
    rims = (BORDER_PX,) * 4
    return np.asarray(cv2.copyMakeBorder(grey, *rims, cv2.BORDER_REPLICATE), np.uint8)


def _bits(table: str, count: int) -> list[list[Bit]]:
    """Read its table: level, page, four more, left, top, width, height, confidence, text."""
    found: dict[int, list[Bit]] = defaultdict(list)
    for row in table.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[0] == "5" and cells[11].strip():
            start = int(cells[6]) - BORDER_PX
            bit = Bit(cells[11].strip(), float(cells[10]) / 100, start, start + int(cells[8]))
            found[int(cells[1])].append(bit)
    return [found[page] for page in range(1, count + 1)]


def _path(bits: Sequence[Bit], width: int) -> Path:
    """Lay characters out over the time steps, evenly over each bit's place, blanks between."""
    steps: list[tuple[int, float]] = []
    before: Bit | None = None
    for bit in bits:
        begin = max(len(steps), max(0, bit.start) * STEPS_PER_PX)
        gap = begin - len(steps)
        if before and _is_parted(before, bit):
            steps += [(ord(" "), bit.confidence)] * max(1, gap)
        steps += [(0, 1.0)] * (begin - len(steps))
        each = max(2, (bit.end - bit.start) * STEPS_PER_PX // len(bit.text))
        for char in bit.text:
            code = ord(char) if ord(char) <= len(ALPHABET) else ord("\ufffd")
            steps += [*[(code, bit.confidence)] * (each - 1), (0, 1.0)]
        before = bit
    steps += [(0, 1.0)] * (width * STEPS_PER_PX - len(steps))
    classes, confidences = zip(*steps, strict=True)
    return np.array(classes, np.int64), np.array(confidences, np.float32)


def _is_parted(left: Bit, right: Bit) -> bool:
    if has_thai(left.text[-1]) and has_thai(right.text[0]):
        return right.start - left.end >= THAI_SPACE_PX
    return True
