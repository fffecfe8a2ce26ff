"""Compares two documents on one condition: a similarity from 0 to 1, or nothing to compare."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from functools import lru_cache
from math import sqrt
from typing import cast

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from matching_service.matcher.items import Aligned, align
from matching_service.matcher.normal import (
    CONFUSABLES,
    company_key,
    number_similarity,
    tax_key,
    text_similarity,
)
from matching_service.matcher.profiles import Profile
from matching_service.matcher.rules import (
    Algorithm,
    Condition,
    DateWindow,
    Direction,
    Exact,
    Fuzzy,
    LineItems,
    Measure,
    Mode,
    Normalised,
    Party,
    References,
    Step,
    Tolerance,
)
from paperwork.values.parties import bare_company_name
from paperwork.values.text import fold, squash


class Pair:
    """Two documents under comparison; their lines are aligned once, when first asked for."""

    __slots__ = ("_aligned", "left", "right")

    def __init__(self, left: Profile, right: Profile) -> None:
        self.left = left
        self.right = right
        self._aligned: tuple[Aligned, ...] | None = None

    @property
    def aligned(self) -> tuple[Aligned, ...]:
        """The lines that mean the same."""
        if self._aligned is None:
            self._aligned = align(self.left.items, self.right.items)
        return self._aligned


def value_of(profile: Profile, field: str) -> object:
    """A document's field by name; None, "" or () where there is nothing."""
    return getattr(profile.record, field)


def similarity(  # noqa: PLR0911 - one return a comparator
    condition: Condition, pair: Pair
) -> float | None:
    """Compare a pair on a condition; None where a side has nothing to compare."""
    if condition.min_confidence and _doubtful(condition, pair):
        return None
    comparator = condition.comparator
    if isinstance(comparator, LineItems):
        return _lines(comparator, pair)
    if isinstance(comparator, Party):
        return _party(pair, condition.left)
    if isinstance(comparator, DateWindow):
        return _dates(comparator, pair)
    left, right = value_of(pair.left, condition.left), value_of(pair.right, condition.right)
    if left in (None, "", ()) or right in (None, "", ()):
        return None
    if isinstance(comparator, References):
        return references(left, right)
    if isinstance(comparator, Tolerance):
        if not isinstance(left, Decimal) or not isinstance(right, Decimal):
            return None
        return within(comparator, left, right)
    if isinstance(comparator, Exact):
        return float(left == right)
    if isinstance(comparator, Normalised):
        return float(
            normalise(str(left), comparator.steps) == normalise(str(right), comparator.steps)
        )
    return fuzzy(comparator, str(left), str(right))


def _doubtful(condition: Condition, pair: Pair) -> bool:
    return (
        pair.left.record.confidence.get(condition.left, 1.0) < condition.min_confidence
        or pair.right.record.confidence.get(condition.right, 1.0) < condition.min_confidence
    )


@lru_cache(maxsize=100_000)
def normalise(text: str, steps: tuple[Step, ...]) -> str:
    """Apply the steps in their order."""
    for step in steps:
        match step:
            case Step.FOLD:
                text = fold(text)
            case Step.ALPHANUMERIC:
                text = squash(text)
            case Step.LEGAL_FORM:
                text = bare_company_name(text)
            case Step.LEADING_ZEROS:
                text = text.lstrip("0") or text[:1]
            case Step.CONFUSABLES:
                text = text.upper().translate(CONFUSABLES)
    return text


def fuzzy(comparator: Fuzzy, left: str, right: str) -> float:
    """Compare two texts; symmetric."""
    a, b = sorted((normalise(left, comparator.steps), normalise(right, comparator.steps)))
    match comparator.algorithm:
        case Algorithm.JARO_WINKLER:
            return float(JaroWinkler.normalized_similarity(a, b))
        case Algorithm.LEVENSHTEIN:
            return float(OSA.normalized_similarity(a, b))
        case Algorithm.TOKEN_SET:
            return float(fuzz.token_set_ratio(a, b)) / 100
        case Algorithm.TRIGRAM:
            return _trigram(a, b)


def _trigram(left: str, right: str) -> float:
    a, b = (
        Counter(f"  {text} "[i : i + 3] for i in range(len(text) + 1)) for text in (left, right)
    )
    dot = sum(count * b[piece] for piece, count in a.items())
    size = sqrt(sum(n * n for n in a.values()) * sum(n * n for n in b.values()))
    return min(1.0, dot / size) if size else 0.0


def references(left: object, right: object) -> float:
    """The best likeness of a number on the left to one on the right."""
    return max(
        (number_similarity(one, other) for one in _texts(left) for other in _texts(right)),
        default=0.0,
    )


def _texts(value: object) -> Sequence[str]:
    return (value,) if isinstance(value, str) else cast("Sequence[str]", value)


def within(tolerance: Tolerance, left: Decimal, right: Decimal) -> float:
    """1 inside the tolerance, then falling to 0 at ten times of it."""
    over = left - right
    if (tolerance.direction is Direction.NOT_OVER and over <= 0) or (
        tolerance.direction is Direction.NOT_UNDER and over >= 0
    ):
        return 1.0
    basis = max(abs(left), abs(right)) if tolerance.direction is Direction.ANY else abs(right)
    limit = allowance(tolerance.absolute, tolerance.percent, tolerance.mode, basis)
    off = abs(over)
    if off <= limit:
        return 1.0
    if not limit:
        return 0.0
    return max(0.0, 1.0 - float((off - limit) / (limit * 9)))


def allowance(
    absolute: Decimal | None, percent: Decimal | None, mode: Mode, basis: Decimal
) -> Decimal:
    """How far a number may be off."""
    limits = [] if absolute is None else [absolute]
    if percent is not None:
        limits.append(basis * percent / 100)
    if not limits:
        return Decimal(0)
    return max(limits) if mode is Mode.EITHER else min(limits)


def _dates(window: DateWindow, pair: Pair) -> float | None:
    if pair.left.day is None or pair.right.day is None:
        return None
    days = (pair.left.day - pair.right.day).days
    edge = window.days_after if days >= 0 else window.days_before
    if abs(days) > edge:
        return 0.0
    return 1.0 - 0.5 * abs(days) / edge if edge else 1.0


def _party(pair: Pair, side: str) -> float | None:
    """Compare the sellers, or the buyers, by number and name; symmetric."""
    left, right = pair.left, pair.right
    if side == "seller" and left.vendor and left.vendor == right.vendor:
        return 1.0
    a, b = left.record, right.record
    ids = (
        (a.seller_tax_id, b.seller_tax_id) if side == "seller" else (a.buyer_tax_id, b.buyer_tax_id)
    )
    names = (a.seller, b.seller) if side == "seller" else (a.buyer, b.buyer)
    by_id = _tax_likeness(*ids)
    by_name = text_similarity(company_key(names[0]), company_key(names[1]))
    if by_id is None and by_name is None:
        return None
    if (by_id or 0.0) >= 0.8 or (by_name or 0.0) >= 0.84:
        return max(by_id or 0.0, by_name or 0.0)
    proven = left.vendor_known and right.vendor_known if side == "seller" else False
    if by_id == 0.0 and (proven or by_name is not None):
        # Another number and another name.
        return 0.0
    if proven and by_id is not None:
        return 0.0
    return 0.1 if by_name is not None else 0.3


def _tax_likeness(left: str | None, right: str | None) -> float | None:
    a, b = tax_key(left), tax_key(right)
    if not a or not b:
        return None
    edits = OSA.distance(a, b, score_cutoff=2)
    return {0: 1.0, 1: 0.9, 2: 0.6}.get(edits, 0.0)


def _lines(comparator: LineItems, pair: Pair) -> float | None:
    left, right = pair.left.items, pair.right.items
    if not left or not right:
        return None
    aligned = pair.aligned
    if comparator.measure is Measure.ARTICLES:
        return sum(one.likeness for one in aligned) / len(left)
    found: list[float] = []
    share = 1 + comparator.tolerance_percent / 100
    for one in aligned:
        mine, theirs = left[one.left], right[one.right]
        if comparator.measure is Measure.QUANTITIES:
            if mine.quantity is None or theirs.quantity is None:
                continue
            over = mine.quantity > theirs.quantity * share
            found.append(1.0 if mine.quantity == theirs.quantity else 0.0 if over else 0.5)
        else:
            price, agreed = mine.unit_price, theirs.unit_price
            if price is None or agreed is None:
                continue
            found.append(float(abs(price - agreed) <= abs(agreed) * (share - 1)))
    return sum(found) / len(found) if found else None
