"""From a recogniser's best path to characters, words and the places where they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np
from numpy.typing import NDArray

from paperwork.values.text import has_thai

BLANK = 0
VOWELS_OVER_AND_UNDER = frozenset("\u0e31\u0e34\u0e35\u0e36\u0e37\u0e38\u0e39\u0e47")
"""Thai ones that stand on a consonant, which has one of them at most."""
SPACE_GAP = 2.4
"""A space the model did not write is put where the step from one character to the next is this
many times the line's usual step."""
MIN_CHARS_FOR_GAPS = 5
"""Lines shorter than this have no usual step to compare with."""


@dataclass(frozen=True, slots=True)
class ReadChar:
    """One character, where it stands and how sure the model was.

    Attributes:
        text: As the alphabet spells it.
        confidence: Highest probability over its time steps, in [0, 1].
        first: First time step, counted from 0.
        last: Last time step, inclusive.
    """

    text: str
    confidence: float
    first: int
    last: int

    @property
    def centre(self) -> float:
        """Middle of its time steps, in steps from the left edge."""
        return (self.first + self.last + 1) / 2


@dataclass(frozen=True, slots=True)
class ReadWord:
    """Characters between two spaces.

    Attributes:
        text: The characters joined.
        confidence: Mean over the characters, in [0, 1].
        start: Left edge in time steps.
        end: Right edge in time steps.
    """

    text: str
    confidence: float
    start: float
    end: float


def read_chars(
    classes: NDArray[np.int64], confidences: NDArray[np.float32], alphabet: Sequence[str]
) -> list[ReadChar]:
    """Merge the runs of one class along a (T,) best path and drop the blanks.

    Of two Thai vowels on one consonant the later one stays: by then all of it has been seen.

    Source: Graves et al., "Connectionist Temporal Classification", ICML 2006, section 3.2.
    """
    if len(classes) == 0:
        return []
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    ends = np.append(starts[1:], len(classes))
    peaks = np.maximum.reduceat(confidences, starts)
    chars: list[ReadChar] = []
    for c, peak, a, b in zip(classes[starts], peaks, starts, ends, strict=True):
        if c == BLANK:
            continue
        char = ReadChar(alphabet[c - 1], float(peak), int(a), int(b) - 1)
        if chars and _is_on_consonant(char) and _is_on_consonant(chars[-1]):
            chars[-1] = char
        else:
            chars.append(char)
    return chars


def _is_on_consonant(char: ReadChar) -> bool:
    return char.text[0] in VOWELS_OVER_AND_UNDER


def surety(classes: NDArray[np.int64], confidences: NDArray[np.float32]) -> float:
    """Tell how sure the least sure place of a (T,) best path is, in [0, 1].

    A place is a character, or a stretch of blanks without its first and last step: where a blank
    passes into a character, neither is sure of itself. 0 for a path without characters.
    """
    if not np.any(classes != BLANK):
        return 0.0
    starts = np.flatnonzero(np.diff(classes, prepend=-1))
    ends = np.append(starts[1:], len(classes))
    blank = classes[starts] == BLANK
    least = float(np.maximum.reduceat(confidences, starts)[~blank].min())
    inside = np.zeros(len(classes) + 1, np.int8)
    for start, end in zip(starts[blank] + 1, ends[blank] - 1, strict=True):
        inside[start : max(start, end)] = 1
    quiet = confidences[inside[:-1] == 1]
    return min(least, float(quiet.min())) if len(quiet) else least


def words_of(chars: Sequence[ReadChar], steps: int) -> list[ReadWord]:
    """Divide characters into words at the spaces read and at wide gaps.

    Args:
        chars: From left to right.
        steps: Time steps that cover the crop's useful width; no word ends beyond.
    """
    runs: list[list[ReadChar]] = []
    limit = SPACE_GAP * _usual_step(chars)
    previous: ReadChar | None = None
    for char in chars:
        if char.text.isspace():
            previous = None
            continue
        if previous is None or (
            char.centre - previous.centre > limit and _may_part(previous.text, char.text)
        ):
            runs.append([])
        runs[-1].append(char)
        previous = char
    return [_word(run, steps) for run in runs]


def _usual_step(chars: Sequence[ReadChar]) -> float:
    """Give the median distance between neighbours; endless where there are too few."""
    inside = [
        right.centre - left.centre
        for left, right in pairwise(chars)
        if not left.text.isspace() and not right.text.isspace()
    ]
    return median(inside) if len(inside) >= MIN_CHARS_FOR_GAPS else float("inf")


def _may_part(left: str, right: str) -> bool:
    """Tell whether a missing space between two characters is believable.

    Ideographs stand apart without spaces, rows of dots or dashes have any pitch, and Thai is
    stepped through mark by mark, so that its letters stand at any distance.
    """
    return all(c.isalnum() and c < "\u2e80" and not has_thai(c) for c in (left, right))


def _word(run: list[ReadChar], steps: int) -> ReadWord:
    text = "".join(char.text for char in run)
    confidence = sum(char.confidence for char in run) / len(run)
    # A peak marks the middle of a character, so half a step of the word is added at either end.
    half = max(0.75, (run[-1].centre - run[0].centre) / max(1, len(run) - 1) / 2)
    start = min(run[0].centre - half, run[0].first)
    end = max(run[-1].centre + half, run[-1].last + 1)
    return ReadWord(text, confidence, max(0.0, start), min(float(steps), end))
