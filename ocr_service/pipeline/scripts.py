"""Which model reads a line: a page's longest lines are tried in Thai, then each goes where it fits.

Two facts shape this. The Latin model passes over Thai letters and gives what is left of the line
with full confidence, so its confidence alone does not tell. And the Thai model reads Latin letters
and digits too and takes a quarter of the time, so that a trial of a few words costs little.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.crops import HEIGHT_PX, cut
from ocr_service.pipeline.geometry import Floats
from ocr_service.pipeline.ports import LineRecogniser
from ocr_service.pipeline.recognition import WordInLine, line_confidence, read_strips
from paperwork.values.text import has_thai

TRIED = 4
"""Lines of a page that are tried in Thai."""
TRIED_PX = 8 * HEIGHT_PX
"""So much of each: enough for a few words."""
PROOF_OF_THAI = 0.9
"""Confidence from which a Thai word shows that a line is Thai; Chinese read as Thai stays below,
and Latin has single Thai letters in it only."""
SURE_OF_THAI = 0.85
"""Confidence from which what a Thai page says in Thai needs no second reading."""
SURE_OF_LATIN = 0.97
"""The same for what it read in Latin letters or digits: the Latin model may know better."""
DOUBTFUL = 0.9
"""Below this a line of a Latin page is tried in Thai."""
PX_PER_CHAR = 40
"""A line with fewer characters for its length has passed over some; usual are 20 pixels."""
THAI_LINES = 2
"""So many doubtful lines that turn out to be Thai make a page a Thai one."""

_THAI_WORD = re.compile("[\u0e01-\u0e5b]{3}")
_MUDDLED = re.compile(
    "(?<![\u0e01-\u0e5b])[\u0e01-\u0e5b]{1,2}[A-Za-z]|[A-Za-z][\u0e01-\u0e5b]{1,2}(?![\u0e01-\u0e5b])"
)
"""One or two Thai letters that touch a Latin one: mostly a Latin letter that looks like them."""

Image = NDArray[np.uint8]
Words = tuple[WordInLine, ...]


@dataclass(frozen=True, slots=True)
class Recognisers:
    """The models a page may be read with.

    Attributes:
        latin: For Latin, Chinese and Japanese.
        thai: For Thai with Latin between; None where Thai is not to be read.
    """

    latin: LineRecogniser
    thai: LineRecogniser | None = None


def read_lines(image: Image, quads: Floats, recognisers: Recognisers) -> list[Words]:
    """Read (N, 4, 2) quads on an (H, W, 3) BGR image; an unread quad gives no words."""
    strips = [cut(image, quad) for quad in quads]
    latin = _Readings(strips, recognisers.latin)
    if recognisers.thai is None:
        return latin.of(range(len(strips)))
    thai = _Readings(strips, recognisers.thai)
    if any(map(_is_surely_thai, read_strips(_samples(strips), recognisers.thai))):
        return _in_thai(thai, latin)
    doubtful = [i for i, words in enumerate(latin.all()) if _is_doubtful(words, strips[i])]
    if sum(map(_is_surely_thai, thai.of(doubtful))) >= THAI_LINES:
        return _in_thai(thai, latin)
    return _in_latin(latin, thai, doubtful)


@dataclass(slots=True)
class _Readings:
    """What one model reads on each strip, read when asked for, once."""

    strips: Sequence[Image]
    recogniser: LineRecogniser
    known: dict[int, Words] = field(default_factory=dict)

    def of(self, indices: Iterable[int]) -> list[Words]:
        wanted = list(indices)
        new = [i for i in wanted if i not in self.known]
        read = read_strips([self.strips[i] for i in new], self.recogniser)
        self.known.update(zip(new, read, strict=True))
        return [self.known[i] for i in wanted]

    def all(self) -> list[Words]:
        return self.of(range(len(self.strips)))


def _in_thai(thai: _Readings, latin: _Readings) -> list[Words]:
    """Take the Thai readings but for those that are unsure and surer in Latin."""
    lines = thai.all()
    unsure = [i for i, words in enumerate(lines) if not _is_settled(words)]
    for i, other in zip(unsure, latin.of(unsure), strict=True):
        lines[i] = max(lines[i], other, key=line_confidence)
    return lines


def _in_latin(latin: _Readings, thai: _Readings, doubtful: Sequence[int]) -> list[Words]:
    """Take the Latin readings but for the doubtful ones that are surely Thai."""
    lines = latin.all()
    for i, other in zip(doubtful, thai.of(doubtful), strict=True):
        if _is_surely_thai(other):
            lines[i] = other
    return lines


def _samples(strips: Sequence[Image]) -> list[Image]:
    """Cut samples from the longest lines, spread over the page where many are long enough."""
    widths = np.array([min(strip.shape[1], TRIED_PX) for strip in strips])
    enough = np.sort(widths)[-TRIED:][:1]
    long = np.flatnonzero(widths >= enough) if len(strips) else np.zeros(0, int)
    spread = np.linspace(0, len(long) - 1, min(TRIED, len(long))).astype(int)
    return [strips[i][:, :TRIED_PX] for i in long[spread]]


def _is_surely_thai(words: Words) -> bool:
    """Tell whether a reading holds a Thai word that was read with confidence."""
    return (
        line_confidence(words) >= PROOF_OF_THAI
        and any(_THAI_WORD.search(word.text) for word in words)
        and not _is_muddled(words)
    )


def _is_settled(words: Words) -> bool:
    """Tell whether the Thai model's reading needs no second one."""
    enough = SURE_OF_THAI if any(has_thai(word.text) for word in words) else SURE_OF_LATIN
    return line_confidence(words) >= enough and not _is_muddled(words)


def _is_muddled(words: Words) -> bool:
    return any(_MUDDLED.search(word.text) for word in words)


def _is_doubtful(words: Words, strip: Image) -> bool:
    """Tell whether the Latin model has guessed at a line or passed over part of it."""
    chars = sum(len(word.text) for word in words)
    return line_confidence(words) < DOUBTFUL or strip.shape[1] > PX_PER_CHAR * max(2, chars)
