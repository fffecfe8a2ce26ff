"""Why two documents belong together or not, condition by condition, in English and Thai."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from matching_service.matcher.comparing import Pair, value_of
from matching_service.matcher.profiles import Profile
from matching_service.matcher.rules import Condition, Link, Rule, Thresholds
from matching_service.matcher.scoring import Finding, Score, findings, score_of

_SAID: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("{id}: not on both papers", "{id}: ไม่มีในเอกสารทั้งสองฉบับ"),
    "equal": ("{id}: equal", "{id}: ตรงกัน"),
    "alike": ("{id}: {percent} % alike", "{id}: คล้ายกัน {percent}%"),
    "differs": ("{id}: differs", "{id}: ไม่ตรงกัน"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition's part in a score.

    Attributes:
        left: The left document's value as it was read.
        right: The right document's.
        similarity: 0..1; None where there was nothing to compare.
        possible: The most points the condition gives.
    """

    condition: str
    left: str
    right: str
    similarity: float | None
    points: float
    possible: float
    english: str
    thai: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """A pair's score and all that made it; true for good, as it holds the values and the rule.

    Attributes:
        left: The left document's id.
        lacking: What would have changed the decision, in English.
        lacking_th: The same in Thai.
    """

    rule: str
    version: int
    left: str
    right: str
    score: Score
    reasons: tuple[Reason, ...]
    lacking: str
    lacking_th: str


def explain(rule: Rule, link: Link, left: Profile, right: Profile) -> Explanation:
    """Explain a pair's score."""
    found = findings(link, left, right)
    score = score_of(link, found)
    english, thai = _lacking(rule.thresholds, found, score)
    return Explanation(
        rule=rule.id,
        version=rule.version,
        left=left.record.id,
        right=right.record.id,
        score=score,
        reasons=tuple(_reason(one, Pair(left, right)) for one in found),
        lacking=english,
        lacking_th=thai,
    )


def _reason(found: Finding, pair: Pair) -> Reason:
    condition, alike = found.condition, found.similarity
    said = (
        "missing"
        if alike is None
        else "equal"
        if alike >= 0.999
        else "differs"
        if alike == 0
        else "alike"
    )
    percent = round(100 * (alike or 0.0))
    english, thai = (
        text.format(id=condition.id.replace("_", " "), percent=percent) for text in _SAID[said]
    )
    return Reason(
        condition=condition.id,
        left=_shown(pair.left, condition, condition.left),
        right=_shown(pair.right, condition, condition.right),
        similarity=None if alike is None else round(alike, 4),
        points=found.points,
        possible=condition.max_points,
        english=english,
        thai=thai,
    )


def _shown(profile: Profile, condition: Condition, field: str) -> str:
    if field == "lines":
        return "; ".join(
            f"{item.quantity if item.quantity is not None else '?'} x {item.line.description}"
            for item in profile.items[:20]
        )
    value = value_of(profile, field)
    if isinstance(value, tuple):
        return ", ".join(str(one) for one in value)
    if isinstance(value, date):
        return value.isoformat()
    if field == "seller" and condition.id == "seller":
        tax_id = profile.record.seller_tax_id
        return f"{value} ({tax_id})" if tax_id else str(value)
    return "" if value is None else str(value)


def _lacking(limits: Thresholds, found: list[Finding], score: Score) -> tuple[str, str]:
    """Say what would have changed the decision: the least that tips it."""
    auto = limits.auto if score.named else limits.auto_unnamed
    over = score.percent >= auto
    possible = sum(one.condition.max_points for one in found if one.similarity is not None)
    distance = abs(score.points - auto * possible / 100)
    if over:
        down = [one for one in found if one.points > 0 and one.points >= distance]
        names = ", ".join(one.condition.id for one in sorted(down, key=lambda one: -one.points))
        if not names:
            return ("no single condition would have changed it", "ไม่มีเงื่อนไขใดเพียงข้อเดียวที่เปลี่ยนผลได้")
        return (f"without {names} a person would be asked", f"หากไม่มี {names} จะต้องให้คนตรวจสอบ")
    up = [
        one
        for one in found
        if one.similarity is not None and one.condition.max_points - one.points >= distance
    ]
    names = ", ".join(one.condition.id for one in up)
    if not names:
        return (
            f"{distance:.0f} points are lacking, more than any one condition gives",
            f"ขาดอีก {distance:.0f} คะแนน ซึ่งมากกว่าที่เงื่อนไขใดข้อเดียวให้ได้",
        )
    return (
        f"{distance:.0f} points are lacking: equal {names} would have sufficed",
        f"ขาดอีก {distance:.0f} คะแนน หาก {names} ตรงกันก็เพียงพอ",
    )
