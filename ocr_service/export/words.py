"""Lines as every export writes them: characters that may be written, words and their spaces."""

import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from ocr_service.domain.page import Line, Quad, Word


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word of a line, ready to be written.

    Attributes:
        text: Never empty, without control characters.
        box: Where it stands.
        confidence: In [0, 1].
        is_spaced: Whether a space follows; Thai and Chinese often has none, and a last word never.
    """

    text: str
    box: Quad
    confidence: float
    is_spaced: bool


@dataclass(frozen=True, slots=True)
class Box:
    """Upright rectangle around a quad, page pixels."""

    x0: float
    y0: float
    x1: float
    y1: float


def clean(text: str) -> str:
    """Leave out what no XML document may hold, and control characters with it."""
    return "".join(
        char for char in text if unicodedata.category(char) not in ("Cc", "Cs") and not _is_no(char)
    )


def placed_words(line: Line) -> list[PlacedWord]:
    """Give the words of a line that have text, from the reading start on."""
    words = line.words or (Word(line.text, line.box, line.confidence),)
    kept = [(text, word) for word in words if (text := clean(word.text))]
    spaces = _spaces(line.text, [word.text for _, word in kept])
    return [
        PlacedWord(text, word.box, min(1.0, max(0.0, word.confidence)), spaced)
        for (text, word), spaced in zip(kept, spaces, strict=True)
    ]


def around(quad: Quad) -> Box:
    """Put an upright rectangle around a quad."""
    xs, ys = [x for x, _ in quad], [y for _, y in quad]
    return Box(min(xs), min(ys), max(xs), max(ys))


def is_upright(quad: Quad) -> bool:
    """Whether a quad is the rectangle around it, whichever corner it starts from."""
    box = around(quad)
    corners = {(x, y) for x in (box.x0, box.x1) for y in (box.y0, box.y1)}
    return set(quad) == corners


def angle_degrees(quad: Quad) -> float:
    """Tell how far reading is turned from left-to-right, clockwise, in (-180, 180]."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = quad
    return math.degrees(math.atan2(y1 + y2 - y0 - y3, x1 + x2 - x0 - x3))


def _spaces(text: str, words: list[str]) -> Iterator[bool]:
    """Tell of each word whether the line has a space behind it, before the next word."""
    end = 0
    for word, following in pairwise(words):
        start = text.find(word, end)
        behind = start + len(word)
        beginning = text.find(following, behind)
        found = start >= 0 and beginning >= 0
        end = behind if found else end
        yield not found or any(char.isspace() for char in text[behind:beginning])
    if words:
        yield False


def _is_no(char: str) -> bool:
    return ord(char) & 0xFFFE == 0xFFFE
