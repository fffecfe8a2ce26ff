"""Line items of two documents: which line is which, one to one, and how alike they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from matching_service.matcher.hungarian import best_assignment
from matching_service.matcher.normal import text_similarity
from matching_service.matcher.profiles import ItemProfile

SAME_ARTICLE: Final = 0.6
"""From this likeness on two lines mean the same article."""

PRICE_NEAR: Final = Decimal("0.005")


@dataclass(frozen=True, slots=True)
class Aligned:
    """Two lines that mean the same article; `likeness` in 0..1."""

    left: int
    right: int
    likeness: float


def align(left: Sequence[ItemProfile], right: Sequence[ItemProfile]) -> tuple[Aligned, ...]:
    """Align lines one to one so that the whole likeness is greatest.

    An article that stands on several lines goes to the line of equal quantity and price.
    """
    if not left or not right:
        return ()
    alike = [[article_likeness(one, other) for other in right] for one in left]
    weights = [
        [
            0.0 if value < SAME_ARTICLE else value + _agreement(left[i], right[j])
            for j, value in enumerate(row)
        ]
        for i, row in enumerate(alike)
    ]
    chosen = _plain(weights) or best_assignment(weights)
    return tuple(Aligned(i, j, alike[i][j]) for i, j in enumerate(chosen) if j is not None)


def _plain(weights: list[list[float]]) -> list[int | None] | None:
    """The assignment where no two lines contend for one; None where they do."""
    chosen: list[int | None] = []
    taken: set[int] = set()
    for row in weights:
        found = [j for j, weight in enumerate(row) if weight > 0]
        if len(found) > 1 or (found and found[0] in taken):
            return None
        taken.update(found)
        chosen.append(found[0] if found else None)
    return chosen


def _agreement(one: ItemProfile, other: ItemProfile) -> float:
    """What quantity and price add, less than any difference of articles."""
    same = one.quantity is not None and one.quantity == other.quantity
    return 0.1 * same + 0.1 * (prices_near(one, other) or 0)


def article_likeness(one: ItemProfile, other: ItemProfile) -> float:
    """Tell how likely two lines name the same article, 0..1; symmetric."""
    by_sku = None if not one.sku or not other.sku else one.sku == other.sku
    if one.article is not None and other.article is not None:
        if one.article == other.article:
            return 1.0
        # Two known names: a stock number misread into another's is about as rare as this.
        return 0.6 if by_sku and prices_near(one, other) is not False else 0.0
    if by_sku:
        return 1.0
    alike = text_similarity(one.text, other.text)
    if alike is None:
        # Two languages, or no text at all: only the figures can tell.
        if prices_near(one, other):
            return 0.75
        same = one.quantity is not None and one.quantity == other.quantity
        return 0.6 if same and prices_near(one, other) is None else 0.0
    return alike if alike >= 0.78 else 0.0


def prices_near(one: ItemProfile, other: ItemProfile) -> bool | None:
    """Tell whether two unit prices are about equal; None where one is missing."""
    left, right = one.unit_price, other.unit_price
    if left is None or right is None:
        return None
    return abs(left - right) <= PRICE_NEAR * max(abs(left), abs(right))
