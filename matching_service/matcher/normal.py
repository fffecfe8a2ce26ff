"""Texts brought to comparable forms: document numbers, tax identifiers and descriptions."""

import re
from functools import lru_cache
from typing import Final

from rapidfuzz.distance import OSA, JaroWinkler

from paperwork.values.parties import bare_company_name
from paperwork.values.text import arabic_digits, has_thai, squash

CONFUSABLES: Final = str.maketrans(
    {"O": "0", "Q": "0", "D": "0", "I": "1", "L": "1", "T": "7"}
    | {"S": "5", "B": "8", "Z": "2", "G": "6"}
)
"""Letters that readers take for digits; the table maps both sides, so equality survives."""

_BRANCH = re.compile(r"[(\[（][^)\]）]*(?:สาขา|branch|สำนักงานใหญ่|สนญ|head office)[^)\]）]*[)\]）]")
_TAIL = re.compile(r"\s+(?:สาขา(?:ที่)?\s*\S+|สำนักงานใหญ่)\s*$")
EXACT, ALIKE, PART, ONE_EDIT = 1.0, 0.95, 0.9, 0.7
"""Numbers that are equal, equal to a poor eye, one the end of the other, one edit apart."""


@lru_cache(maxsize=200_000)
def number_key(number: str) -> str:
    """A document number with letters and digits only, upper case."""
    return re.sub(r"[\W_]", "", arabic_digits(number)).upper()


@lru_cache(maxsize=200_000)
def skeleton(number: str) -> str:
    """A document number as a poor eye sees it: Latin letters and digits, look-alikes as digits.

    Words in other scripts, such as the title of the paper in front of it, are left out.
    """
    latin = re.sub(r"[^A-Z0-9]", "", number_key(number))
    return latin.translate(CONFUSABLES)


@lru_cache(maxsize=200_000)
def digits_of(number: str) -> str:
    """The digits of a number in order, look-alikes not counted."""
    return re.sub(r"\D", "", number_key(number))


@lru_cache(maxsize=500_000)
def number_similarity(left: str, right: str) -> float:  # noqa: PLR0911 - one return a grade
    """Compare two document numbers; symmetric, 0..1, see `EXACT` and its neighbours."""
    if not left or not right:
        return 0.0
    if number_key(left) == number_key(right):
        return EXACT
    a, b = skeleton(left), skeleton(right)
    if not a or not b:
        return 0.0
    if a == b:
        return ALIKE
    short, long = sorted((a, b), key=lambda text: (len(text), text))
    if len(short) >= 5 and long.endswith(short):
        return PART
    one, other = digits_of(left), digits_of(right)
    if len(one) >= 5 and one == other:
        return PART
    if len(short) >= 5 and OSA.distance(a, b, score_cutoff=1) <= 1:
        return ONE_EDIT
    return 0.0


@lru_cache(maxsize=200_000)
def tax_key(text: str | None) -> str:
    """A tax identifier with look-alike letters as digits; empty for none."""
    key = re.sub(r"[^A-Z0-9]", "", arabic_digits(text or "").upper())
    if len(key) < 5 or len(set(key)) == 1:
        return ""
    return (
        key[0] + key[1:].translate(CONFUSABLES) if key[0].isalpha() else key.translate(CONFUSABLES)
    )


@lru_cache(maxsize=200_000)
def company_key(name: str) -> str:
    """A company's name without branch, legal form, case and spaces."""
    bare = _TAIL.sub("", _BRANCH.sub(" ", name.casefold()))
    return bare_company_name(bare)


@lru_cache(maxsize=200_000)
def text_key(description: str) -> str:
    """A description's letters, digits and marks, folded."""
    return squash(description)


@lru_cache(maxsize=500_000)
def text_similarity(left: str, right: str) -> float | None:
    """Compare two keys of names or descriptions; None where the scripts differ.

    A text of which the rest was lost is nearly the same as the whole.
    """
    if not left or not right:
        return None
    if left == right:
        return 1.0
    if has_thai(left) != has_thai(right):
        return None
    short, long = (left, right) if len(left) <= len(right) else (right, left)
    if len(short) >= 4 and long.startswith(short):
        return 0.9
    by_edits = float(OSA.normalized_similarity(left, right))
    by_start = float(JaroWinkler.normalized_similarity(left, right))
    return max(by_edits, by_start - 0.08)
