"""Second copies: two documents of one kind, vendor, number and content."""

from matching_service.matcher.comparing import Pair, references
from matching_service.matcher.normal import ONE_EDIT, PART, digits_of, number_similarity
from matching_service.matcher.profiles import Profile

CLOSE_NUMBERS = 20
"""So near to each other two papers of a day may be numbered."""


def is_copy(one: Profile, other: Profile) -> bool:  # noqa: PLR0911 - one return a ground
    """Tell whether two documents are copies of one; symmetric."""
    if one.role is not other.role or one.record.kind != other.record.kind:
        return False
    if one.vendor != other.vendor:
        return False
    alike = number_similarity(one.record.number, other.record.number)
    if alike < ONE_EDIT:
        return False
    first, second = (one, other) if len(one.items) <= len(other.items) else (other, one)
    if not first.items:
        return alike >= PART and one.record.total == other.record.total is not None
    aligned = Pair(first, second).aligned
    equal = sum(
        first.items[a.left].quantity == second.items[a.right].quantity
        and first.items[a.left].line.unit_price == second.items[a.right].line.unit_price
        for a in aligned
    )
    a, b = one.record, other.record
    whole = equal == len(first.items)
    same_day = a.issued is None or b.issued is None or a.issued == b.issued
    same_total = a.total is not None and a.total == b.total
    if alike >= PART:
        mostly = whole or (len(first.items) >= 3 and equal >= len(first.items) - 1)
        return mostly and (same_total or (same_day and 2 * len(first.items) >= len(second.items)))
    if not (whole and same_day) or _are_near_in_series(a.number, b.number):
        return False
    # A number one character off is another paper of the series, unless all else is equal.
    if a.order_refs and b.order_refs and references(a.order_refs, b.order_refs) < PART:
        return False
    return same_total or (
        a.issued is not None and a.issued == b.issued and len(first.items) == len(second.items)
    )


def _are_near_in_series(one: str, other: str) -> bool:
    """Tell whether two numbers of a series follow each other closely, as repeated orders do."""
    a, b = digits_of(one), digits_of(other)
    return bool(a and b) and len(a) == len(b) and abs(int(a) - int(b)) <= CLOSE_NUMBERS
