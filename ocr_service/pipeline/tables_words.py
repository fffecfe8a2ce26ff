"""Words as tables see them: upright boxes, gathered into rows and the runs between wide gaps."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from statistics import median

import numpy as np

from ocr_service.domain.page import CellKind, Line, Word
from ocr_service.pipeline.geometry import Floats, mapped
from paperwork.values.dates import find_dates
from paperwork.values.money import parse_money
from paperwork.values.text import arabic_digits

RUN_GAP = 1.0
"""A gap wider than this many text heights parts two runs."""
FIGURES_GAP = 0.6
"""Of two figures, which stand in narrower columns; wider than a gap between thousands."""
SAME_ROW = 0.5
"""Middles closer than this many text heights share a row."""
_ANY_DAY = date(2000, 1, 1)
"""Whether a text is a date does not hang on the day; only its century would."""
_TWO_DECIMALS = re.compile(r"[.,]\d\d\b(?![.,]?\d)|[.,]-{1,2}$")
_LONGEST_VALUE = 40


@dataclass(frozen=True, slots=True)
class TableWord:
    """One word on the upright, level page.

    Attributes:
        text: As read.
        x0: Left edge, pixels; y0, x1, y1 likewise.
        y0: Upper edge.
        x1: Right edge.
        y1: Lower edge.
        confidence: In [0, 1].
        is_spaced: Whether a space parts it from the word before it on its line.
    """

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    confidence: float
    is_spaced: bool = True

    @property
    def middle(self) -> float:
        """Half way between its upper and lower edge."""
        return (self.y0 + self.y1) / 2


@dataclass(frozen=True, slots=True)
class Run:
    """Words of one row up to a wide gap, from left to right, at least one."""

    words: tuple[TableWord, ...]

    @property
    def x0(self) -> float:
        """Left edge."""
        return self.words[0].x0

    @property
    def x1(self) -> float:
        """Right edge."""
        return max(word.x1 for word in self.words)

    @property
    def is_value(self) -> bool:
        """Whether it is a number, an amount or a date, perhaps with a unit behind it."""
        text = joined(self.words)
        if kind_of(text) is not CellKind.TEXT:
            return True
        first, _, unit = text.partition(" ")
        return unit.isalpha() and len(unit) <= 5 and kind_of(first) is not CellKind.TEXT


Row = tuple[Run, ...]


def words_on(lines: Sequence[Line], to_upright: Floats) -> list[TableWord]:
    """Carry the words of lines to the upright page."""
    spaced = [(word, gap) for line in lines for word, gap in _with_gaps(line)]
    if not spaced:
        return []
    quads = mapped(np.array([word.box for word, _ in spaced], np.float64), to_upright)
    low, high = quads.min(axis=1).tolist(), quads.max(axis=1).tolist()
    return [
        TableWord(word.text, x0, y0, x1, y1, word.confidence, gap)
        for (word, gap), (x0, y0), (x1, y1) in zip(spaced, low, high, strict=True)
    ]


def text_height(words: Sequence[TableWord]) -> float:
    """Give the median height of words, never under a pixel; 1 for none."""
    return max(1.0, median(word.y1 - word.y0 for word in words)) if words else 1.0


def visual_lines(words: Sequence[TableWord], height: float) -> list[list[TableWord]]:
    """Gather words whose middles agree, from the top, each line from the left."""
    rows: list[list[TableWord]] = []
    for word in sorted(words, key=lambda w: w.middle):
        if rows and word.middle - rows[-1][0].middle <= SAME_ROW * height:
            rows[-1].append(word)
        else:
            rows.append([word])
    return [sorted(row, key=lambda w: w.x0) for row in rows]


def runs_of(line: Sequence[TableWord], height: float) -> Row:
    """Part a visual line at its wide gaps."""
    runs: list[list[TableWord]] = []
    for word in line:
        widest = FIGURES_GAP if runs and _are_figures(runs[-1][-1], word) else RUN_GAP
        if runs and word.x0 - runs[-1][-1].x1 <= widest * height:
            runs[-1].append(word)
        else:
            runs.append([word])
    return tuple(Run(tuple(run)) for run in runs)


def joined(words: Sequence[TableWord]) -> str:
    """Write words of one visual line as they stand."""
    text = "".join((" " if word.is_spaced else "") + word.text for word in words)
    return text.strip()


@lru_cache(maxsize=4096)  # asked again and again of the same run
def kind_of(text: str) -> CellKind:
    """Tell what a cell's text is as a whole."""
    if not text or len(text) > _LONGEST_VALUE or not any(c.isdigit() for c in text):
        return CellKind.TEXT
    plain = arabic_digits(text.replace("\n", " "))
    money = parse_money(plain.removesuffix("%").rstrip())
    if money is not None:
        amount = money.currency is not None or _TWO_DECIMALS.search(plain)
        return CellKind.AMOUNT if amount and "%" not in plain else CellKind.NUMBER
    dates = find_dates(plain, today=_ANY_DAY)
    # A date with a word or two around it is a sentence, not a date.
    if len(dates) == 1 and dates[0].end - dates[0].start >= len(plain.strip()) - 1:
        return CellKind.DATE
    return CellKind.TEXT


def _are_figures(*words: TableWord) -> bool:
    return all(w.text[-1:].isdigit() and not any(map(str.isalpha, w.text)) for w in words)


def _with_gaps(line: Line) -> list[tuple[Word, bool]]:
    found = []
    at = 0
    for word in line.words:
        place = line.text.find(word.text, at)
        gap = place < 0 or place != at or at == 0
        found.append((word, gap))
        at = (place if place >= 0 else at) + len(word.text)
    return found
