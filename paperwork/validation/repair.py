"""What would make failed checks hold: the smallest likely changes, ranked, proposed and no more.

Amounts are worked out from each other and from the words; a digit of a tax id from its check
digit, where the two digits look alike. A proposal is kept only if it settles a finding and every
check that held still holds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import product
from typing import Final

from paperwork.readings import Change, Extraction, Finding, Repair, Value, canonical
from paperwork.validation.arithmetic import check_sums
from paperwork.validation.identity import (
    check_tax_id_forms,
    check_tax_ids,
    check_vat_numbers,
)
from paperwork.validation.lines import check_line
from paperwork.validation.taxes import vat_of
from paperwork.values.baht import parse_baht_words
from paperwork.values.parties import is_thai_tax_id, is_vat_number

MAX_REPAIRS: Final = 5
MAX_LINES: Final = 60
"""Of longer documents only the lines named by a finding are mended."""
MAX_AMOUNT: Final = Decimal(10) ** 12
"""Larger figures are no amounts; they would not fit the arithmetic either."""
_TRIES: Final = 1500
"""Checks of a line, over all proposals: they bound the time to some milliseconds."""
_CENT: Final = Decimal("0.01")
_ZERO: Final = Decimal(0)
_ALIKE: Final = frozenset(
    pair[::step]
    for pair in ("08", "06", "09", "17", "14", "27", "38", "35", "56", "58", "68", "69", "49", "89")
    for step in (1, -1)
)
"""Digits that are often taken for each other."""
_MENDABLE: Final = frozenset(
    {
        "amount.total", "amount.line", "amount.subtotal", "amount.tax", "th.bahttext",
        "th.tin.checksum", "eu.vat.checksum",
    }
)  # fmt: skip

Place = tuple[str, int | None]
"""A key, and the line counted from 1 that it stands in."""


@dataclass(frozen=True, slots=True)
class _Proposal:
    """Values for some places, and what they cost: less is likelier."""

    values: Mapping[Place, Value]
    cost: float
    mends: tuple[str, ...] = ()
    left: int = 0


@dataclass(slots=True)
class _Paper:
    """The values of a document, with what the checks say of them."""

    values: dict[str, Value]
    lines: list[dict[str, Value]]
    confidence: Mapping[Place, float]
    bad_lines: dict[int, Finding]

    def get(self, place: Place) -> Value | None:
        key, line = place
        return (self.values if line is None else self.lines[line - 1]).get(key)

    def number(self, key: str, line: int | None = None) -> Decimal | None:
        value = self.get((key, line))
        return value if isinstance(value, Decimal) else None

    def changed(self, values: Mapping[Place, Value]) -> _Paper:
        header = {**self.values, **{k: v for (k, line), v in values.items() if line is None}}
        lines, bad_lines = list(self.lines), dict(self.bad_lines)
        for (key, line), value in values.items():
            if line is not None:
                lines[line - 1] = {**lines[line - 1], key: value}
                bad_lines.pop(line, None)
                if (finding := check_line(lines[line - 1], line)) is not None:
                    bad_lines[line] = finding
        return _Paper(header, lines, self.confidence, bad_lines)

    def findings(self) -> list[Finding]:
        return [
            *check_sums(self.values, self.lines),
            *self.bad_lines.values(),
            *check_tax_ids(self.values),
            *check_tax_id_forms(self.values),
            *check_vat_numbers(self.values),
        ]


def repairs_of(extraction: Extraction) -> tuple[Repair, ...]:
    """Propose repairs of an extraction's failed checks, the likeliest first.

    One change is tried first, then two where one leaves a finding open.
    """
    if not _MENDABLE.intersection(f.id for f in extraction.findings):
        return ()
    paper = _Paper(
        {key: field.value for key, field in extraction.fields.items()},
        [{key: cell.value for key, cell in line.items()} for line in extraction.line_items],
        _confidences(extraction),
        {f.line: f for f in extraction.findings if f.id == "amount.line" and f.line is not None},
    )
    failed = paper.findings()
    singles = _settling(paper, failed, _proposals(paper, failed))
    found = list(singles)
    for first in singles[:3]:
        if first.left:
            after = paper.changed(first.values)
            rest = after.findings()
            found += [
                replace(
                    second,
                    values={**first.values, **second.values},
                    cost=first.cost + second.cost + 0.5,
                    mends=(*first.mends, *second.mends),
                )
                for second in _settling(after, rest, _proposals(after, rest))
                if not first.values.keys() & second.values.keys()
            ]
    found.sort(key=lambda p: (p.left, p.cost))
    least = {frozenset(p.values.items()): p for p in reversed(found)}
    ranked = sorted(least.values(), key=lambda p: (p.left, p.cost))[:MAX_REPAIRS]
    weights = [math.exp(-1.5 * (p.cost + 2 * p.left)) for p in ranked]
    whole = sum(weights) + math.exp(-3.0)  # something else may be wrong
    return tuple(_repair(paper, p, w / whole) for p, w in zip(ranked, weights, strict=True))


def _confidences(extraction: Extraction) -> dict[Place, float]:
    lines: dict[Place, float] = {
        (key, number): cell.confidence
        for number, line in enumerate(extraction.line_items, 1)
        for key, cell in line.items()
    }
    return {**{(key, None): f.confidence for key, f in extraction.fields.items()}, **lines}


def _settling(
    paper: _Paper, failed: Sequence[Finding], proposals: Iterator[tuple[Place, Value]]
) -> list[_Proposal]:
    """Keep the proposals that settle a finding and raise none, the cheapest first."""
    before = {(f.id, f.line, f.fields) for f in failed}
    costed = {(place, value): _cost(paper, place, value) for place, value in proposals}
    most = max(16, _TRIES // (10 + len(paper.lines)))
    kept = []
    for (place, value), cost in sorted(costed.items(), key=lambda each: each[1])[:most]:
        after = {(f.id, f.line, f.fields) for f in paper.changed({place: value}).findings()}
        if after < before:
            mends = tuple(dict.fromkeys(name for name, *_ in sorted(before - after, key=repr)))
            kept.append(_Proposal({place: value}, cost, mends, len(after)))
    kept.sort(key=lambda p: (p.left, p.cost))
    return kept


def _cost(paper: _Paper, place: Place, value: Value) -> float:
    """How unlikely it is that the value was read as it was."""
    old = paper.get(place)
    if old is None:
        return 3.0
    return _misread(canonical(old), canonical(value)) + paper.confidence.get(place, 0.5)


def _misread(old: str, new: str) -> float:
    """Count the characters that must have been misread, those that look alike for less."""
    if len(old) == len(new):
        wrong = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        return sum(0.6 if a + b in _ALIKE else 1.0 for a, b in wrong)
    short, long = sorted((old, new), key=len)
    start = next(
        (i for i, (a, b) in enumerate(zip(short, long, strict=False)) if a != b), len(short)
    )
    end = 0
    while end < len(short) - start and short[-1 - end] == long[-1 - end]:
        end += 1
    return 0.4 + max(len(long) - start - end, 1)


def _proposals(paper: _Paper, failed: Sequence[Finding]) -> Iterator[tuple[Place, Value]]:
    names = {f.id for f in failed}
    if names & {"amount.total", "amount.tax", "amount.subtotal", "th.bahttext"}:
        for key, value in _sums(paper):
            yield from _rounded(paper, (key, None), value)
    named = [f.line for f in failed if f.line is not None]
    lines = range(1, len(paper.lines) + 1) if "amount.subtotal" in names else named
    for line in lines if len(paper.lines) <= MAX_LINES else named:
        for key, value in _cells(paper, line):
            yield from _rounded(paper, (key, line), value)
    for finding in failed:
        if finding.id in ("th.tin.checksum", "eu.vat.checksum"):
            yield from _digits(paper, finding.fields[0])


def _rounded(paper: _Paper, place: Place, value: Decimal) -> Iterator[tuple[Place, Value]]:
    """Write a value with as many decimals as the one in its place, where it has them."""
    if abs(value) >= MAX_AMOUNT:
        return
    old = paper.number(*place)
    exponent = max(min(int(old.as_tuple().exponent), 0), -6) if old is not None else -2
    for places in dict.fromkeys((exponent, -2)):
        rounded = value.quantize(Decimal(1).scaleb(places))
        if abs(rounded - value) < _CENT and (old is None or rounded != old):
            yield place, rounded
            return


def _sums(paper: _Paper) -> Iterator[tuple[str, Decimal]]:
    """What each sum would be if the others were right."""
    number = paper.number
    subtotal, total, tax = number("subtotal"), number("total"), number("tax_amount")
    words = paper.values.get("amount_in_words")
    said = parse_baht_words(words) if isinstance(words, str) else None
    if said is not None:
        yield "total", said
    extras = [abs(number(key) or _ZERO) for key in ("discount", "charges", "prepaid")]
    rounding = number("rounding") or _ZERO
    for d, c, p in product(*((_ZERO, extra) for extra in extras)):
        offset = c - d - p + rounding
        if subtotal is not None and tax is not None:
            yield "total", subtotal + offset + tax
        for whole in (total, said):
            if whole is not None and tax is not None:
                yield "subtotal", whole - tax - offset
            if whole is not None and subtotal is not None:
                yield "tax_amount", whole - subtotal - offset
        yield from _from_lines_and_rate(paper, offset)
    if subtotal is not None and total is not None:
        for key in ("discount", "charges"):
            if number(key) is not None:
                yield key, abs(total - subtotal - (tax or _ZERO) - rounding)


def _from_lines_and_rate(paper: _Paper, offset: Decimal) -> Iterator[tuple[str, Decimal]]:
    """What the sums would be if the lines and the tax rate were right."""
    number, rate = paper.number, paper.number("tax_rate")
    amounts = [line.get("amount") for line in paper.lines]
    known = [a for a in amounts if isinstance(a, Decimal)]
    bases = [b for b in (number("subtotal"),) if b is not None]
    if known and len(known) == len(amounts):
        bases.append(sum(known, _ZERO))
        yield "subtotal", bases[-1] + offset
    if rate is None or rate < 0:
        return
    for base in bases:
        yield "tax_amount", vat_of(base + offset, rate)
        yield "total", base + offset + vat_of(base + offset, rate)
    total, subtotal, tax = number("total"), number("subtotal"), number("tax_amount")
    if total is not None:
        yield "subtotal", total * 100 / (100 + rate)
        yield "tax_amount", total * rate / (100 + rate)
    if subtotal and tax is not None and abs(tax) < abs(subtotal):
        yield "tax_rate", (tax * 100 / subtotal).quantize(Decimal(1))


def _cells(paper: _Paper, line: int) -> Iterator[tuple[str, Decimal]]:
    """What each cell of a line would be if the rest of it, or the sum of all lines, were right."""
    quantity, price, amount = (
        paper.number(key, line) for key in ("quantity", "unit_price", "amount")
    )
    discount = abs(paper.number("discount", line) or _ZERO)
    if quantity is not None and price is not None:
        yield "amount", quantity * price - discount
        if amount is not None and discount:
            yield "discount", abs(quantity * price - amount)
    if amount is not None and quantity:
        yield "unit_price", (amount + discount) / quantity
    if amount is not None and price:
        yield "quantity", (amount + discount) / price
    subtotal = paper.number("subtotal")
    amounts = [each.get("amount") for each in paper.lines]
    others = [a for n, a in enumerate(amounts, 1) if isinstance(a, Decimal) and n != line]
    if subtotal is not None and len(others) == len(amounts) - 1:
        yield "amount", subtotal - sum(others, _ZERO)


def _digits(paper: _Paper, key: str) -> Iterator[tuple[Place, Value]]:
    """Identifiers with one digit replaced whose check digits are right."""
    value = paper.values.get(key)
    if not isinstance(value, str):
        return
    is_right = is_thai_tax_id if len(value) == 13 and value.isdecimal() else is_vat_number
    for index, old in enumerate(value):
        if old.isdecimal():
            for new in "0123456789":
                changed = value[:index] + new + value[index + 1 :]
                if new != old and is_right(changed):
                    yield (key, None), changed


def _repair(paper: _Paper, proposal: _Proposal, confidence: float) -> Repair:
    changes = tuple(
        Change(key, line, paper.get((key, line)), value)
        for (key, line), value in proposal.values.items()
    )
    return Repair(
        changes,
        proposal.mends,
        round(confidence, 4),
        f"With this the figures agree again ({', '.join(proposal.mends)}).",
        f"เมื่อแก้แล้วตัวเลขสอดคล้องกัน ({', '.join(proposal.mends)})",
    )
