"""A set put on its axes: who stands for it, what is missing, what is wrong, what was edited."""

from collections.abc import Iterable, Mapping

from matching_service.matcher.decisions import Decisions
from matching_service.matcher.discrepancies import discrepancies
from matching_service.matcher.profiles import Profile
from matching_service.matcher.records import Role
from matching_service.matcher.rules import Rule
from matching_service.matcher.sets import Completeness, Decision, Join, MatchSet


def complete(
    rule: Rule,
    profiles: Mapping[str, Profile],
    joins: tuple[Join, ...],
    copies: Iterable[tuple[str, str]],
    decisions: Decisions,
    *,
    other: str | None = None,
) -> MatchSet:
    """Make a set of its members; `other` is a document that takes no part in matching."""
    if other is not None:
        return MatchSet((other,), Decision.SINGLE, Completeness.COMPLETE, 0.0)
    names = tuple(sorted(profiles))
    confirmed = [held for held in decisions.confirmed if held.members & profiles.keys()]
    pinned = any(set(names) <= held.members for held in confirmed)
    inside = [(a, b) for a, b in copies if a in profiles and b in profiles]
    return MatchSet(
        documents=names,
        decision=_decision(names, joins, profiles, pinned=pinned),
        completeness=_completeness(rule, profiles.values()),
        score=min((join.percent for join in joins), default=0.0),
        joins=joins,
        discrepancies=discrepancies(rule, list(profiles.values()), inside),
        is_stale=any(
            name in profiles and profiles[name].record.fingerprint() != content
            for held in confirmed
            for name, content in held.fingerprints
        ),
    )


def _decision(
    names: tuple[str, ...],
    joins: tuple[Join, ...],
    profiles: Mapping[str, Profile],
    *,
    pinned: bool,
) -> Decision:
    if len(names) == 1:
        return Decision.SINGLE
    if pinned:
        return Decision.CONFIRMED
    orders = sum(profile.role is Role.ORDER for profile in profiles.values())
    explained = len(joins) + min(1, orders) >= len(names) or orders + len(joins) >= len(names)
    sure = all(join.sure for join in joins)
    return Decision.MATCHED if joins and explained and sure else Decision.SUGGESTED


def _completeness(rule: Rule, profiles: Iterable[Profile]) -> Completeness:
    members = list(profiles)
    for role in rule.roles:
        count = sum(
            member.role is role.role or (role.role is Role.BILL and member.record.is_bill)
            for member in members
        )
        if count < role.least or (role.most is not None and count > role.most):
            return Completeness.PARTIAL
    return Completeness.COMPLETE
