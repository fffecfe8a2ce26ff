"""Rules as YAML for people, read with errors that name the line."""

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from importlib import resources
from typing import TypeVar

import yaml

from hubkit.core.errors import InvalidArgument
from matching_service.matcher.records import Role
from matching_service.matcher.rules import (
    FIELDS,
    Algorithm,
    Assignment,
    BlockingKey,
    Check,
    Comparator,
    Condition,
    DateWindow,
    Direction,
    Exact,
    Fuzzy,
    KeyPart,
    Kind,
    Level,
    LineItems,
    Link,
    Measure,
    Mode,
    Normalised,
    OnMissing,
    Party,
    Policy,
    References,
    RoleRule,
    Rule,
    Step,
    Thresholds,
    Tolerance,
)

MAX_RULE_CHARS = 1_000_000
"""Longer files are refused unread."""

E = TypeVar("E", bound=StrEnum)


class RuleFileError(InvalidArgument):
    """A rule file says something that is not understood."""

    reason = "INVALID_ARGUMENT"


def builtin_text() -> str:
    """The rules that come with the product, as they are written."""
    return resources.files("matching_service").joinpath("rules/three_way.yaml").read_text("utf-8")


def builtin_rules() -> tuple[Rule, ...]:
    """The rules that come with the product."""
    return parse_rules(builtin_text())


def parse_rules(text: str) -> tuple[Rule, ...]:
    """Read a rule file.

    Raises:
        RuleFileError: It is no YAML, or holds what no rule has; the message names the line.
    """
    if len(text) > MAX_RULE_CHARS:
        raise RuleFileError(f"a rule file may have {MAX_RULE_CHARS} characters")
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise RuleFileError(f"line {line}: {exc.problem}") from exc
    except yaml.YAMLError as exc:
        raise RuleFileError(f"this is no YAML text: {exc}") from exc
    if root is None:
        raise RuleFileError("the file is empty")
    top = _Map(root, allowed=("rules",))
    rules = tuple(_rule(_Map(node, allowed=_RULE)) for node in top.items("rules"))
    if not rules:
        raise top.error("rules must name at least one rule")
    names = [rule.id for rule in rules]
    for name in names:
        if names.count(name) > 1:
            raise top.error(f"rule {name!r} stands there twice")
    return rules


_RULE = (
    *("id", "name", "name_th", "version", "enabled", "assignment", "window_days"),
    *("component_cap", "roles", "keys", "thresholds", "links", "checks"),
)


_THRESHOLDS = ("auto", "auto_unnamed", "review", "unnamed", "margin", "coverage")


class _Map:
    """A YAML mapping under reading; every complaint names its line."""

    def __init__(self, node: yaml.Node, allowed: Iterable[str] | None = None) -> None:
        self._node = node
        if not isinstance(node, yaml.MappingNode):
            raise self.error("names with values are needed here")
        self._of: dict[str, yaml.Node] = {}
        for key, value in node.value:
            name = str(key.value)
            if allowed is not None and name not in allowed:
                raise _error(key, f"{name!r} is not known here; there are {', '.join(allowed)}")
            if name in self._of:
                raise _error(key, f"{name!r} stands there twice")
            self._of[name] = value

    def error(self, message: str) -> RuleFileError:
        return _error(self._node, message)

    def names(self) -> list[str]:
        return list(self._of)

    def node(self, name: str) -> yaml.Node:
        if name not in self._of:
            raise self.error(f"{name!r} is missing")
        return self._of[name]

    def has(self, name: str) -> bool:
        return name in self._of

    def items(self, name: str) -> list[yaml.Node]:
        node = self.node(name)
        if not isinstance(node, yaml.SequenceNode):
            raise _error(node, f"{name} must be a list")
        return list(node.value)

    def text(self, name: str, default: str | None = None) -> str:
        if name not in self._of and default is not None:
            return default
        return _scalar(self.node(name), name)

    def number(self, name: str, default: Decimal | None = None) -> Decimal:
        if name not in self._of and default is not None:
            return default
        return _number(self.node(name), name)

    def whole(self, name: str, default: int | None = None, least: int = 0) -> int:
        if name not in self._of and default is not None:
            return default
        value = _number(self.node(name), name)
        if value != value.to_integral_value() or not least <= value <= 1_000_000:
            raise _error(self.node(name), f"{name} must be a whole number from {least}")
        return int(value)

    def flag(self, name: str, *, default: bool) -> bool:
        if name not in self._of:
            return default
        text = _scalar(self.node(name), name)
        if text not in ("true", "false"):
            raise _error(self.node(name), f"{name} must be true or false")
        return text == "true"

    def choice(self, kind: type[E], name: str, default: E | None = None) -> E:
        if name not in self._of and default is not None:
            return default
        return _choice(kind, self.node(name), name)


def _error(node: yaml.Node, message: str) -> RuleFileError:
    return RuleFileError(f"line {node.start_mark.line + 1}: {message}")


def _scalar(node: yaml.Node, name: str) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise _error(node, f"{name} must be one value")
    return str(node.value)


def _number(node: yaml.Node, name: str) -> Decimal:
    try:
        value = Decimal(_scalar(node, name))
    except InvalidOperation as exc:
        raise _error(node, f"{name} must be a number") from exc
    if not value.is_finite():
        raise _error(node, f"{name} must be a finite number")
    return value


def _choice(kind: type[E], node: yaml.Node, name: str) -> E:
    try:
        return kind(_scalar(node, name))
    except ValueError as exc:
        choices = ", ".join(one.value for one in kind)
        raise _error(node, f"{name} must be one of {choices}") from exc


def _rule(data: _Map) -> Rule:
    roles = _roles(_Map(data.node("roles"), allowed=[role.value for role in Role]))
    if sum(role.anchor for role in roles) != 1:
        raise data.error("exactly one role must be the anchor")
    links = tuple(
        _link(_Map(node, allowed=("between", "conditions"))) for node in data.items("links")
    )
    return Rule(
        id=data.text("id"),
        name=data.text("name"),
        name_th=data.text("name_th", ""),
        version=data.whole("version", 1, least=1),
        roles=roles,
        keys=tuple(_key(_Map(node, allowed=("parts", "cap"))) for node in data.items("keys")),
        links=links,
        thresholds=_thresholds(_Map(data.node("thresholds"), allowed=_THRESHOLDS)),
        assignment=data.choice(Assignment, "assignment", Assignment.MANY),
        checks=_checks(_Map(data.node("checks"), allowed=[kind.value for kind in Kind])),
        window_days=data.whole("window_days", 90, least=1),
        component_cap=data.whole("component_cap", 2_000, least=2),
        enabled=data.flag("enabled", default=True),
    )


def _roles(data: _Map) -> tuple[RoleRule, ...]:
    found = []
    for name in data.names():
        role = _Map(data.node(name), allowed=("least", "most", "anchor"))
        least = role.whole("least", 0)
        most = role.whole("most", least=1) if role.has("most") else None
        if most is not None and most < least:
            raise role.error("most must not be below least")
        found.append(RoleRule(Role(name), least, most, role.flag("anchor", default=False)))
    return tuple(found)


def _key(data: _Map) -> BlockingKey:
    parts = tuple(_choice(KeyPart, node, "parts") for node in data.items("parts"))
    if not parts:
        raise data.error("a key needs at least one part")
    return BlockingKey(parts, data.whole("cap", 400, least=2))


def _thresholds(data: _Map) -> Thresholds:
    auto, review = float(data.number("auto")), float(data.number("review"))
    unnamed = float(data.number("unnamed", Decimal(str(review))))
    auto_unnamed = float(data.number("auto_unnamed", Decimal(str(max(auto, unnamed)))))
    if not (0 <= review <= auto <= 100 and 0 <= unnamed <= auto_unnamed <= 100):
        raise data.error("0 <= review <= auto <= 100 must hold, and the same without a number")
    coverage = float(data.number("coverage"))
    if not 0 <= coverage <= 1:
        raise data.error("coverage must lie between 0 and 1")
    return Thresholds(auto, auto_unnamed, review, unnamed, float(data.number("margin")), coverage)


def _checks(data: _Map) -> tuple[Check, ...]:
    found = []
    for name in data.names():
        check = _Map(data.node(name), allowed=("policy", "percent", "absolute", "mode"))
        found.append(
            Check(
                kind=Kind(name),
                policy=check.choice(Policy, "policy", Policy.REQUIRE_APPROVAL),
                percent=check.number("percent", Decimal(0)),
                absolute=check.number("absolute", Decimal(0)),
                mode=check.choice(Mode, "mode", Mode.EITHER),
            )
        )
    return tuple(found)


def _link(data: _Map) -> Link:
    between = data.items("between")
    if len(between) != 2:
        raise data.error("between must name two roles")
    left, right = (_choice(Role, node, "between") for node in between)
    conditions = tuple(_condition(_Map(node, _CONDITION)) for node in data.items("conditions"))
    if not conditions:
        raise data.error("a link needs at least one condition")
    return Link(left, right, conditions)


_CONDITION = (
    *("id", "left", "right", "compare", "levels", "on_missing", "gate", "min_confidence"),
)


def _condition(data: _Map) -> Condition:
    left, right = data.text("left"), data.text("right")
    for name in (left, right):
        if name not in FIELDS:
            raise data.error(f"{name!r} is no field; there are {', '.join(sorted(FIELDS))}")
    return Condition(
        id=data.text("id"),
        left=left,
        right=right,
        comparator=_comparator(data.node("compare")),
        levels=_levels(_Map(data.node("levels"))),
        on_missing=data.choice(OnMissing, "on_missing", OnMissing.IGNORE),
        gate=data.flag("gate", default=False),
        min_confidence=float(data.number("min_confidence", Decimal(0))),
    )


def _levels(data: _Map) -> tuple[Level, ...]:
    found = []
    for name in data.names():
        try:
            bound = float(name)
        except ValueError as exc:
            raise data.error(f"a level begins with a likeness from 0 to 1, not {name!r}") from exc
        if not 0 <= bound <= 1:
            raise data.error(f"a level begins with a likeness from 0 to 1, not {name!r}")
        found.append(Level(bound, float(data.number(name))))
    found.sort(key=lambda level: -level.at_least)
    if not found or found[-1].at_least != 0:
        raise data.error("levels must end with one for 0")
    return tuple(found)


_EMPTY: dict[str, Callable[[], Comparator]] = {
    "exact": Exact,
    "references": References,
    "party": Party,
}
_COMPARATORS = (*_EMPTY, "normalised", "fuzzy", "tolerance", "date_window", "line_items")


def _comparator(node: yaml.Node) -> Comparator:
    if isinstance(node, yaml.ScalarNode):
        if node.value not in _EMPTY:
            raise _error(node, f"compare must be one of {', '.join(_COMPARATORS)}")
        return _EMPTY[node.value]()
    data = _Map(node, allowed=_COMPARATORS)
    if len(data.names()) != 1:
        raise data.error("compare names one comparator")
    name = data.names()[0]
    inner = data.node(name)
    if name == "normalised":
        return Normalised(_steps(_Map(inner, ("steps",))))
    if name == "fuzzy":
        told = _Map(inner, ("algorithm", "steps"))
        steps = _steps(told) if told.has("steps") else (Step.FOLD,)
        return Fuzzy(told.choice(Algorithm, "algorithm"), steps)
    if name == "tolerance":
        told = _Map(inner, ("absolute", "percent", "mode", "direction"))
        return Tolerance(
            told.number("absolute") if told.has("absolute") else None,
            told.number("percent") if told.has("percent") else None,
            told.choice(Mode, "mode", Mode.EITHER),
            told.choice(Direction, "direction", Direction.ANY),
        )
    if name == "date_window":
        told = _Map(inner, ("days_before", "days_after"))
        return DateWindow(told.whole("days_before"), told.whole("days_after"))
    if name == "line_items":
        told = _Map(inner, ("measure", "tolerance_percent"))
        return LineItems(
            told.choice(Measure, "measure"), told.number("tolerance_percent", Decimal(0))
        )
    raise data.error(f"{name} takes no settings: write `compare: {name}`")


def _steps(data: _Map) -> tuple[Step, ...]:
    return tuple(_choice(Step, node, "steps") for node in data.items("steps"))
