"""Labels found in text: one pass over a segment, the longest known phrase at each place."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ocr_service.extraction.layout import Segment
from paperwork.values.text import fold, has_thai

STRONG, WEAK = 1.0, 0.6
"""Weights of labels that name one field alone, and of those that may mean something else."""

MAX_LABELLED_CHARS = 160
"""Longer segments are prose, where a word such as "total" labels nothing."""

_PREFIX = 2
_MISREAD = 0.85
_SHORTEST_MISREAD, _LONG = 5, 10  # letters; shorter labels turn into other words too easily
_OPENING = re.compile(r"[^\W\d][^\d:;#]{3,39}(?=[\s:;#]|$)")
_CODE_GOES_ON = re.compile(r"[-_/]\w*\d")
# Read one for the other in print; labels are compared as if they were the same.
_CONFUSED = str.maketrans({"i": "l", "1": "l", "0": "o", "5": "s", "8": "b"})
_NUMBER_BEGINS = re.compile(r"(?<![^\W\d_])\d")  # the 5 of "total 55" is no misread letter
_TELLING = "#%@"  # "invoice #" asks for a number where "invoice" is a title


@dataclass(frozen=True, slots=True)
class Label:
    """A label found in a segment.

    Attributes:
        key: The field (or helper) it announces.
        weight: How surely, in [0, 1].
        segment: Where it stands.
        start: Index of its first character in the segment's text.
        end: Index behind its last character.
    """

    key: str
    weight: float
    segment: Segment
    start: int
    end: int

    @property
    def leads(self) -> bool:
        """Nothing but punctuation stands before it in its segment."""
        return not any(c.isalnum() for c in self.segment.text[: self.start])


@dataclass(frozen=True, slots=True)
class _Phrase:
    squashed: str
    key: str
    weight: float
    thai: bool


class Lexicon:
    """Phrases by their first squashed characters."""

    def __init__(self, phrases: Iterator[tuple[str, str, float]]) -> None:
        """Index (text, key, weight) triples; the first of equal phrases wins."""
        self._by_prefix: dict[str, list[_Phrase]] = {}
        seen = set()
        for text, key, weight in phrases:
            squashed = "".join(map(_squashed_char, fold(text)))
            if squashed and squashed not in seen:
                seen.add(squashed)
                phrase = _Phrase(squashed, key, weight, has_thai(squashed))
                self._by_prefix.setdefault(squashed[:_PREFIX], []).append(phrase)
        self._by_size: dict[int, list[_Phrase]] = {}
        for group in self._by_prefix.values():
            for phrase in group:
                if not phrase.thai and phrase.key != "absorb":
                    self._by_size.setdefault(len(phrase.squashed), []).append(phrase)
        for group in self._by_prefix.values():
            group.sort(key=lambda p: len(p.squashed), reverse=True)

    def find(self, segment: Segment) -> list[Label]:
        """Find the labels in a segment, left to right, none overlapping another.

        Segments longer than `MAX_LABELLED_CHARS` have none.
        """
        if len(segment.text) > MAX_LABELLED_CHARS:
            return []
        squashed, places = _squashed_with_places(segment.text)
        labels = []
        at = 0
        while at < len(squashed):
            phrase = self._at(segment.text, squashed, places, at)
            if phrase is None:
                at += 1
                continue
            last = at + len(phrase.squashed) - 1
            labels.append(Label(phrase.key, phrase.weight, segment, places[at], places[last] + 1))
            at = last + 1
        return labels

    def find_misread(self, segment: Segment) -> list[Label]:
        """Find a label at a segment's start that OCR left with a letter or two misread.

        Costs about a thousand comparisons, so callers bound how often they ask.
        """
        opening = _OPENING.match(segment.text)
        if opening is None or min(t.confidence for t in segment.tokens) >= 1.0:
            return []
        squashed, _ = _squashed_with_places(opening[0])
        slips = 2 if len(squashed) >= _LONG else 1
        if len(squashed) < _SHORTEST_MISREAD:
            return []
        near = [
            phrase
            for size in range(len(squashed) - slips, len(squashed) + slips + 1)
            for phrase in self._by_size.get(size, ())
        ]
        match = process.extractOne(
            squashed, [p.squashed for p in near], scorer=Levenshtein.distance, score_cutoff=slips
        )
        if match is None:
            return []
        phrase = near[match[2]]
        return [Label(phrase.key, phrase.weight * _MISREAD, segment, 0, opening.end())]

    def _at(self, text: str, squashed: str, places: list[int], at: int) -> _Phrase | None:
        start = places[at]
        inside = start > 0 and text[start - 1].isalnum()
        for length in (_PREFIX, 1):
            for phrase in self._by_prefix.get(squashed[at : at + length], ()):
                if len(phrase.squashed) < length or not squashed.startswith(phrase.squashed, at):
                    continue
                if phrase.thai:
                    return phrase
                end = places[at + len(phrase.squashed) - 1] + 1
                follows = text[end : end + 1]
                joined = follows.isalpha() and not has_thai(follows)
                if not joined and follows.isdecimal() and len(phrase.squashed) < 5:
                    joined = True
                # "PO-14919" and "INV/2024" are numbers, not labels of one.
                joined = joined or _CODE_GOES_ON.match(text, end) is not None
                joined = joined or _NUMBER_BEGINS.search(text[start:end]) is not None
                if not (inside and not has_thai(text[start - 1])) and not joined:
                    return phrase
        return None


@lru_cache(maxsize=4096)
def _squashed_char(char: str) -> str:
    folded = fold(char)
    kept = (c for c in folded if c in _TELLING or unicodedata.category(c)[0] in "LNM")
    return "".join(kept).translate(_CONFUSED)


def _squashed_with_places(text: str) -> tuple[str, list[int]]:
    squashed, places = [], []
    for index, char in enumerate(text):
        for kept in _squashed_char(char):
            squashed.append(kept)
            places.append(index)
    return "".join(squashed), places


def _phrases(group: str) -> Iterator[tuple[str, str, float]]:
    text = resources.files("ocr_service.extraction").joinpath("labels.toml").read_text("utf-8")
    for key, tiers in tomllib.loads(text)[group].items():
        for tier, weight in (("strong", STRONG), ("weak", WEAK)):
            for phrase in tiers.get(tier, "").replace("\n", "|").split("|"):
                if phrase.strip():
                    yield phrase, key, weight


HEADER_LABELS = Lexicon(_phrases("header"))
"""Labels of header fields, and phrases to pass over."""

COLUMN_LABELS = Lexicon(_phrases("column"))
"""Headings of the columns of an item table."""
