"""The score of a pair: points of its conditions, and how much was there to be compared."""

from dataclasses import dataclass

from matching_service.matcher.comparing import Pair, similarity
from matching_service.matcher.profiles import Profile
from matching_service.matcher.rules import (
    Condition,
    LineItems,
    Link,
    OnMissing,
    References,
    Thresholds,
)


@dataclass(frozen=True, slots=True)
class Score:
    """What a pair is worth.

    Attributes:
        points: The sum over the conditions that could be compared.
        percent: 100 x points / the most that those could have given, not below 0.
        coverage: The share of all points that was in play, 0..1.
        named: How surely one names the other's number; None where no number was there to compare.
        failed: A gate failed; the pair never matches.
    """

    points: float
    percent: float
    coverage: float
    named: float | None
    failed: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What one condition said; similarity None where there was nothing to compare."""

    condition: Condition
    similarity: float | None
    points: float
    failed: bool


def evaluate(link: Link, limits: Thresholds, left: Profile, right: Profile) -> Score | None:
    """Score a pair; depends on nothing but the two documents, the rule and the directory.

    The lines are compared last, and only where they could still bring the pair over the limit.

    Returns:
        None for a pair that is ruled out or too low to be remembered.
    """
    pair = Pair(left, right)
    found: list[Finding] = []
    for costly in (False, True):
        rest = 0.0
        for condition in link.conditions:
            if isinstance(condition.comparator, LineItems) is not costly:
                rest += condition.max_points
                continue
            one = _finding(condition, pair)
            if one.failed:
                return None
            found.append(one)
        if not costly:
            soon = score_of(link, found, still_to_come=rest)
            if not limits.is_kept(soon.percent, named=soon.named is not None):
                return None
    score = score_of(link, found)
    return score if limits.is_kept(score.percent, named=score.named is not None) else None


def findings(link: Link, left: Profile, right: Profile) -> list[Finding]:
    """Compare a pair on every condition of its link."""
    pair = Pair(left, right)
    return [_finding(condition, pair) for condition in link.conditions]


def _finding(condition: Condition, pair: Pair) -> Finding:
    alike = similarity(condition, pair)
    if alike is None:
        return Finding(condition, None, 0.0, failed=condition.on_missing is OnMissing.FAIL)
    failed = condition.gate and alike == 0.0
    return Finding(condition, alike, condition.points(alike), failed)


def score_of(link: Link, found: list[Finding], *, still_to_come: float = 0.0) -> Score:
    """Add up what the conditions said, and what others may give at most."""
    points = possible = still_to_come
    named = None
    failed = False
    for one in found:
        failed = failed or one.failed
        if one.similarity is not None:
            points += one.points
            possible += one.condition.max_points
            if isinstance(one.condition.comparator, References):
                named = max(named or 0.0, one.similarity)
        elif one.condition.on_missing is not OnMissing.IGNORE:
            possible += one.condition.max_points
    total = link.max_points
    return Score(
        points=round(points, 6),
        percent=max(0.0, round(100 * points / possible, 3)) if possible else 0.0,
        coverage=round(possible / total, 4) if total else 0.0,
        named=named,
        failed=failed,
    )
