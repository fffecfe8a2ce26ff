"""Matching here and now: files of records in, sets out, without a server."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from hubkit.core.errors import InvalidArgument, NotFound
from matching_service.matcher.directory import learn
from matching_service.matcher.engine import Matcher
from matching_service.matcher.explaining import explain
from matching_service.matcher.linkage import link
from matching_service.matcher.records import Record
from matching_service.matcher.rules import Rule
from matching_service.matcher.sets import Decision, Discrepancy, MatchSet
from matching_service.reading import read_records
from matching_service.rule_files import builtin_rules, builtin_text, parse_rules

__all__ = [
    "builtin_rules",
    "builtin_text",
    "link_table",
    "match_lines",
    "match_records",
    "parse_rules",
]


def match_lines(lines: Iterable[str], rule: Rule, *, explain: bool = False) -> Iterator[str]:
    """Match the records of a JSON-lines text; gives one set a line, single documents too."""
    matcher = match_records(list(read_records(lines)), rule)
    for found in matcher.sets():
        yield json.dumps(set_json(matcher, found, explain=explain), ensure_ascii=False)


def link_table(text: str, columns: Sequence[str]) -> Iterator[str]:
    """Group the rows of a CSV text that are about one thing; gives one group a line.

    Raises:
        InvalidArgument: A column is not there, or ids are missing or stand there twice.
    """
    table = csv.DictReader(io.StringIO(text))
    lacking = [name for name in ("id", *columns) if name not in (table.fieldnames or ())]
    if lacking:
        raise InvalidArgument(f"the table has no column {', '.join(lacking)}", field="columns")
    rows: dict[str, dict[str, str]] = {}
    for row in table:
        name = row["id"]
        if not name or name in rows:
            raise InvalidArgument(
                f"line {table.line_num}: each row needs an id of its own", field="id"
            )
        rows[name] = {column: row[column] or "" for column in columns}
    for group in link(rows, columns):
        yield json.dumps({"docs": sorted(group)}, ensure_ascii=False)


def match_records(records: Sequence[Record], rule: Rule) -> Matcher:
    """Match records; gives the engine that holds them."""
    matcher = Matcher(rule, learn(records))
    for record in records:
        matcher.put(record)
    return matcher


def set_json(matcher: Matcher, found: MatchSet, *, explain: bool) -> dict[str, object]:
    """Write a set as JSON values."""
    out: dict[str, object] = {
        "docs": list(found.documents),
        "state": found.decision.value,
        "score": round(found.score / 100, 4),
        "completeness": found.completeness.value,
        "stale": found.is_stale,
        "blocked": found.blocked,
        "exceptions": [_discrepancy(one) for one in found.discrepancies],
    }
    if explain and found.decision is not Decision.SINGLE:
        out["explanation"] = [
            {"document": join.document, "margin": join.margin, "sure": join.sure}
            | explain_pair(matcher, join.document, join.partner)
            for join in found.joins
        ]
    return out


def explain_pair(matcher: Matcher, one: str, other: str) -> dict[str, object]:
    """Explain the score of two documents; a copy of a paper is told as that."""
    left, right = matcher.held(one), matcher.held(other)
    if left is None or right is None:
        raise NotFound("there is no such document", field="document")
    found = matcher.link_of(left, right)
    if found is None:
        return {"left": one, "right": other, "rule": matcher.rule.id, "reasons": [], "copy": True}
    told = explain(matcher.rule, *found)
    return {
        "left": told.left,
        "right": told.right,
        "rule": told.rule,
        "version": told.version,
        "score": round(told.score.percent / 100, 4),
        "points": told.score.points,
        "coverage": told.score.coverage,
        "reasons": [asdict(reason) for reason in told.reasons],
        "lacking": told.lacking,
        "lacking_th": told.lacking_th,
    }


def _discrepancy(one: Discrepancy) -> dict[str, object]:
    return {
        "kind": one.kind.value,
        "item": one.item,
        "docs": list(one.documents),
        "expected": None if one.expected is None else str(one.expected),
        "actual": None if one.actual is None else str(one.actual),
        "policy": one.policy.value,
    }
