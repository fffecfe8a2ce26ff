"""Dates whose month the reader misspelt: the nearest month name, if one is clearly nearest."""

from __future__ import annotations

import re
from datetime import date

from rapidfuzz.distance import Levenshtein

from paperwork.values.dates import MONTHS, DateReading, find_dates
from paperwork.values.text import arabic_digits, fold, has_thai

_DATE = re.compile(
    r"(?<!\d)(\d{1,2})[\s./-]{0,3}([^\W\d][^\d/]{1,13}?)[\s./,-]{0,3}(\d{4}|\d{2})(?!\d)"
)
# Thai vowels above a letter are the marks most often read one for the other.
_ALIKE = str.maketrans("\u0e35\u0e36\u0e37", "\u0e34\u0e34\u0e34")
_LONG = 6  # letters; two slips in a shorter name make another month of it
_MAX_CHARS = 120


def find_misread_dates(text: str, *, today: date) -> list[DateReading]:
    """Find dates in a short text in which `find_dates` finds none."""
    found = []
    for match in _DATE.finditer(arabic_digits(text[:_MAX_CHARS])):
        number = _month(match[2])
        if number is None:
            continue
        thai = has_thai(match[2])
        name = next(n for n, m in MONTHS.items() if m == number and has_thai(n) == thai)
        found += [
            DateReading(read.value, None, match.start(), match.end(), certain=False)
            for read in find_dates(f"{match[1]} {name} {match[3]}", today=today)
        ]
    return found


def _month(text: str) -> int | None:
    word = _comparable(text)
    slips = 2 if len(word) >= _LONG else 1
    if len(word) < 3:
        return None
    near: dict[int, int] = {}
    for name, number in _NAMES:
        distance = Levenshtein.distance(word, name, score_cutoff=slips)
        if distance <= slips:
            near[number] = min(distance, near.get(number, distance))
    best = sorted(near.items(), key=lambda pair: pair[1])
    if not best or (len(best) > 1 and best[0][1] == best[1][1]):
        return None
    return best[0][0]


def _comparable(text: str) -> str:
    return re.sub(r"[\s.]", "", fold(text)).translate(_ALIKE)


_NAMES = tuple((_comparable(name), number) for name, number in MONTHS.items() if len(name) > 1)
