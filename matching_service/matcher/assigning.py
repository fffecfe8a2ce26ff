"""Makes sets of a connected component: first what is named, then what fits, best first."""

import heapq
from collections.abc import Iterable, Mapping
from itertools import combinations

from matching_service.matcher.clusters import Clusters
from matching_service.matcher.decisions import Decisions
from matching_service.matcher.hungarian import best_assignment
from matching_service.matcher.items import align
from matching_service.matcher.normal import PART
from matching_service.matcher.profiles import Profile
from matching_service.matcher.records import Role
from matching_service.matcher.rules import Assignment, Rule
from matching_service.matcher.scoring import Score
from matching_service.matcher.sets import Join

Scores = Mapping[tuple[str, str], Score]
"""Left and right document to their score, in the order of the link's roles."""

BESIDE = 0.5
"""What the best paper beside the order adds to an order's own points."""

EXCESS_COST, EXCESS_SHARE_COST = 15.0, 80.0
"""Points that a document loses on a set whose open balance it goes beyond: at all, and entirely."""


class Assigner:
    """Assigns the documents of one component; the result depends on no order of arrival."""

    def __init__(
        self,
        rule: Rule,
        profiles: Mapping[str, Profile],
        scores: Scores,
        copies: Iterable[tuple[str, str]],
        decisions: Decisions,
    ) -> None:
        self._rule = rule
        self._profiles = profiles
        self._copies = sorted(copies)
        self._decisions = decisions
        self._anchor = next(role.role for role in rule.roles if role.anchor)
        self._clusters = Clusters(profiles, decisions, self._anchor, self._copies)
        self._scores = scores
        self._near: dict[str, dict[str, Score]] = {name: {} for name in profiles}
        for (left, right), score in scores.items():
            if not score.failed and not decisions.are_apart(left, right):
                self._near[left][right] = self._near[right][left] = score

    def assign(self) -> list[tuple[frozenset[str], tuple[Join, ...]]]:
        """Give the sets, single documents too, with what holds each together."""
        for one, other in self._decisions.pins():
            if one in self._profiles and other in self._profiles:
                self._join(one, other)
        if self._rule.assignment is Assignment.ONE_TO_ONE:
            self._one_to_one()
        else:
            self._join_copies()
            self._join_named()
            self._join_fitting()
            self._join_spanning()
            self._join_without_order()
        joins = self._joins()
        return [
            (
                frozenset(members := self._clusters.members(name)),
                tuple(joins[one] for one in sorted(members) if one in joins),
            )
            for name in self._clusters.names()
        ]

    def _join(self, one: str, other: str) -> None:
        a, b = self._clusters.of(one), self._clusters.of(other)
        if a != b and self._clusters.may_join(a, b):
            self._clusters.join(a, b)

    def _join_copies(self) -> None:
        for one, other in self._copies:
            if not self._decisions.are_apart(one, other):
                self._join(one, other)

    def _one_to_one(self) -> None:
        """Give each role's documents to the anchors so that the sum of points is greatest."""
        anchors = sorted(n for n, p in self._profiles.items() if p.role is self._anchor)
        for role in sorted({p.role for p in self._profiles.values()} - {self._anchor}):
            others = sorted(n for n, p in self._profiles.items() if p.role is role)
            weights = [[self._worth(other, anchor) for anchor in anchors] for other in others]
            for other, column in zip(others, best_assignment(weights), strict=True):
                if column is not None:
                    self._join(other, anchors[column])

    def _worth(self, document: str, anchor: str) -> float:
        score = self._near[document].get(anchor)
        return score.points if score and score.percent >= self._rule.thresholds.review else 0.0

    def _join_named(self) -> None:
        """Join what names the other's number; the surest first."""
        review = self._rule.thresholds.review
        named = sorted(
            (-score.points, pair, score)
            for pair, score in self._scores.items()
            if not score.failed
            and score.named is not None
            and score.named >= PART - 0.02
            and score.percent >= review
            and self._names_number(pair)
        )
        for _, (left, right), _ in named:
            a, b = self._clusters.of(left), self._clusters.of(right)
            if a == b or not self._clusters.may_join(a, b):
                continue
            anchored = self._clusters.is_anchored(a) and self._clusters.is_anchored(b)
            # Only a paper that names an order may bring it beside another one.
            if not anchored or self._profiles[right].role is self._anchor:
                self._clusters.join(a, b)

    def _names_number(self, pair: tuple[str, str]) -> bool:
        """Tell a number that is named from two papers that name the same order."""
        left, right = (self._profiles[name] for name in pair)
        if right.role is self._anchor:
            return True
        record = left.record
        refs = record.delivery_refs if right.role is Role.DELIVERY else record.bill_refs
        return bool(refs)

    def _join_fitting(self) -> None:
        """Give what names no order to the set that it fits best, the best fit of all first."""
        heap: list[tuple[float, str, str]] = []
        for name in self._clusters.names():
            if not self._clusters.is_anchored(name):
                for value, cluster in self._fits(name):
                    heapq.heappush(heap, (-value, name, cluster))
        while heap:
            value, name, cluster = heapq.heappop(heap)
            if self._clusters.of(name) != name or self._clusters.of(cluster) != cluster:
                continue
            if self._clusters.is_anchored(name):
                continue
            now = self._fit(name, cluster)
            if now is None:
                continue
            if now < -value - 1e-9:
                heapq.heappush(heap, (-now, name, cluster))
                continue
            if now > 0 and self._clusters.may_join(name, cluster):
                self._clusters.join(name, cluster)
                joined = self._clusters.of(name)
                self._look_again(joined, heap)

    def _look_again(self, cluster: str, heap: list[tuple[float, str, str]]) -> None:
        """Weigh a set that has grown anew for all that could still join it."""
        near = {
            self._clusters.of(other)
            for member in self._clusters.members(cluster)
            for other in self._near[member]
        }
        for name in sorted(near):
            if not self._clusters.is_anchored(name):
                value = self._fit(name, cluster)
                if value is not None and value > 0:
                    heapq.heappush(heap, (-value, name, cluster))

    def _fits(self, name: str) -> list[tuple[float, str]]:
        """The anchored sets that a cluster could join, with how well it fits."""
        near = {
            self._clusters.of(other)
            for member in self._clusters.members(name)
            for other in self._near[member]
        }
        found = []
        for cluster in sorted(near):
            if cluster != name and self._clusters.is_anchored(cluster):
                value = self._fit(name, cluster)
                if value is not None and value > 0:
                    found.append((value, cluster))
        return found

    def _fit(self, name: str, cluster: str) -> float | None:
        """How well a cluster without an order fits one with orders, in points; None for not."""
        by_order = by_paper = 0.0
        best = 0.0
        for member in self._clusters.members(name):
            for other, score in self._near[member].items():
                if self._clusters.of(other) != cluster:
                    continue
                best = max(best, score.percent)
                if self._profiles[other].role is self._anchor:
                    by_order = max(by_order, score.points)
                else:
                    by_paper = max(by_paper, score.points)
        if best < self._rule.thresholds.unnamed:
            return None
        share = self._clusters.excess(self._clusters.members(name), cluster)
        cost = EXCESS_COST + EXCESS_SHARE_COST * share if share else 0.0
        return by_order + BESIDE * by_paper - cost

    def _join_spanning(self) -> None:
        """Bring orders together where one paper without a reference holds the goods of both."""
        for name, profile in sorted(self._profiles.items()):
            orders = self._clusters.orders(self._clusters.of(name))
            named = len(profile.record.order_refs)
            if (
                profile.role is self._anchor
                or len(profile.items) < 2
                or len(orders) > 1
                or named == 1
            ):
                continue
            near = [
                self._profiles[other]
                for other, score in sorted(self._near[name].items())
                if self._profiles[other].role is self._anchor and not score.failed
            ]
            found = _spanned(profile, orders, near)
            for order in found:
                self._join(name, order.record.id)

    def _join_without_order(self) -> None:
        """Join papers whose order is not there, where one names the other."""
        rest = sorted(
            (-score.points, pair, score)
            for pair, score in self._scores.items()
            if not score.failed
            and score.percent >= self._rule.thresholds.auto
            and self._profiles[pair[1]].role is not self._anchor
            and (score.named or 0.0) >= PART - 0.02
        )
        for _, (left, right), _ in rest:
            a, b = self._clusters.of(left), self._clusters.of(right)
            if a != b and not (self._clusters.is_anchored(a) and self._clusters.is_anchored(b)):
                self._join(left, right)

    def _joins(self) -> dict[str, Join]:
        """Tell of each document but the orders what brought it in, and how surely."""
        limits = self._rule.thresholds
        found: dict[str, Join] = {}
        for name, profile in sorted(self._profiles.items()):
            cluster = self._clusters.of(name)
            inside = {
                other: score
                for other, score in self._near[name].items()
                if self._clusters.of(other) == cluster
            }
            if profile.role is self._anchor or not inside:
                continue
            partner, score = max(
                inside.items(), key=lambda one: (one[1].points, one[1].percent, one[0])
            )
            outside = max(
                (
                    other_score.points
                    for other, other_score in self._near[name].items()
                    if other not in inside
                    and self._profiles[other].role is self._profiles[partner].role
                    and not self._is_copy_of_member(other, cluster)
                ),
                default=0.0,
            )
            margin = score.points - max(0.0, outside)
            sure = (
                score.percent >= (limits.auto if score.named else limits.auto_unnamed)
                and margin >= limits.margin
                and score.coverage >= limits.coverage
            )
            found[name] = Join(name, partner, score.percent, round(margin, 3), sure)
        return found

    def _is_copy_of_member(self, document: str, cluster: str) -> bool:
        return any(
            (one == document and self._clusters.of(other) == cluster)
            or (other == document and self._clusters.of(one) == cluster)
            for one, other in self._copies
        )


def _spanned(paper: Profile, held: list[Profile], near: list[Profile]) -> tuple[Profile, ...]:
    """Find two orders whose lines together are the paper's, in equal quantities.

    One of them may be held already. Both must give lines that the other has not.
    """
    choices = [one for one in near if one not in held]
    pairs = [(held[0], other) for other in choices] if held else list(combinations(choices[:12], 2))
    for one, other in pairs:
        first, second = _equal_lines(paper, one), _equal_lines(paper, other)
        covered = first | second
        if (
            len(covered) >= max(2, 0.8 * len(paper.items))
            and second - first
            and first - second
            and 2 * len(second) >= len(other.items)
            and 2 * len(first) >= len(one.items)
            and len(covered) > max(len(first), len(second))
        ):
            return (one, other)
    return ()


def _equal_lines(paper: Profile, order: Profile) -> set[int]:
    return {
        one.left
        for one in align(paper.items, order.items)
        if paper.items[one.left].quantity == order.items[one.right].quantity
    }
