"""Which model reads a line: a quick one reads all, a large one those the quick one is unsure of.

The quick model knows Thai and the Western languages, costs a quarter of the large one, and says so
where it meets a character that it does not know. The large one knows no Thai: it passes over it
and is sure of what is left of the line, so what proves to be Thai is never compared with it on
confidence alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ocr_service.pipeline.crops import cut
from ocr_service.pipeline.geometry import Floats
from ocr_service.pipeline.ports import FOREIGN, LineRecogniser
from ocr_service.pipeline.recognition import (
    LineReading,
    WordInLine,
    line_confidence,
    read_strips,
    readings,
)
from paperwork.values.text import has_thai

SURE = 0.8
"""Surety from which the first reader's line without Thai letters needs no second reading."""
PROOF_OF_THAI = 0.9
"""Confidence from which a Thai word shows that a page is a Thai one."""
SURE_OF_THAI = 0.85
"""Confidence from which a line with Thai words needs no second reading: there is no better one."""
FOREIGN_LINES = 2
"""With so many lines that have characters the first reader does not know, and such a share of
them, a page is read by the second one as a whole: it tells a page's ideographs best together."""
FOREIGN_SHARE = 0.1

_THAI_WORD = re.compile("[\u0e01-\u0e5b]{3}")
_MUDDLED = re.compile(
    "(?<![\u0e01-\u0e5b])[\u0e01-\u0e5b]{1,2}[A-Za-z]|[A-Za-z][\u0e01-\u0e5b]{1,2}(?![\u0e01-\u0e5b])"
)
"""One or two Thai letters that touch a Latin one: mostly a Latin letter that looks like them."""

Image = NDArray[np.uint8]
Words = tuple[WordInLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognisers:
    """The models a page is read with.

    Attributes:
        first: Reads every line; None where the second one is to read all.
        second: Reads the lines that the first one is unsure of.
        thai: Whether Thai may be read.
    """

    first: LineRecogniser | None
    second: LineRecogniser
    thai: bool = True


def read_lines(image: Image, quads: Floats, recognisers: Recognisers) -> list[Words]:
    """Read (N, 4, 2) quads on an (H, W, 3) BGR image; an unread quad gives no words."""
    strips = [cut(image, quad) for quad in quads]
    if recognisers.first is None:
        return read_strips(strips, recognisers.second)
    first = readings(strips, recognisers.first)
    foreign = sum(_has(FOREIGN, reading.words) for reading in first)
    if foreign >= max(FOREIGN_LINES, FOREIGN_SHARE * len(first)):
        return read_strips(strips, recognisers.second)
    thai_page = recognisers.thai and any(_is_surely_thai(reading.words) for reading in first)
    lines = [reading.words for reading in first]
    unsure = [i for i, reading in enumerate(first) if not _is_settled(reading, thai_page)]
    second = read_strips([strips[i] for i in unsure], recognisers.second)
    for i, words in zip(unsure, second, strict=True):
        lines[i] = _better(lines[i], words) if thai_page else words
    return lines


def _is_settled(reading: LineReading, thai_page: bool) -> bool:
    """Tell whether the first reader's line needs no second reading."""
    words = reading.words
    if _has(FOREIGN, words) or _is_muddled(words):
        return False
    if any(has_thai(word.text) for word in words):
        return thai_page and line_confidence(words) >= SURE_OF_THAI
    return reading.surety >= SURE


def _better(first: Words, second: Words) -> Words:
    """Choose between two readings of a line on a page with Thai, where both may be at home."""
    return second if _has(FOREIGN, first) else max(first, second, key=line_confidence)


def _is_surely_thai(words: Words) -> bool:
    """Tell whether a reading holds a Thai word that was read with confidence."""
    return (
        line_confidence(words) >= PROOF_OF_THAI
        and any(_THAI_WORD.search(word.text) for word in words)
        and not _is_muddled(words)
    )


def _is_muddled(words: Words) -> bool:
    return any(_MUDDLED.search(word.text) for word in words)


def _has(character: str, words: Sequence[WordInLine]) -> bool:
    return any(character in word.text for word in words)
