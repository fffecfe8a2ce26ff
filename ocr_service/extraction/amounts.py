"""The sums of a document: candidates beside their labels, chosen so that they add up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations

from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import LEAST_STRENGTH, Found, found_in, with_others
from ocr_service.extraction.layout import Segment
from ocr_service.extraction.lexicon import STRONG, Label
from paperwork.validation import is_consistent
from paperwork.values.money import Money, currency_of, parse_money
from paperwork.values.text import arabic_digits

_REACH = 80.0  # sums stand at the right margin, often far from their label

MAX_CANDIDATES = 8
"""Per field; the arithmetic tries all combinations of subtotal, tax and total."""

_HAS_DIGIT = re.compile(r"\d")
_FAINT_POINT = re.compile(r"-?\d{1,6} \d{2}")  # "21 20" where the print had 21.20
_RATE = re.compile(r"(?<![\d.,])(\d{1,2}(?:[.,]\d{1,2})?)\s?%")
_SUM_KEYS = (
    "subtotal",
    "discount",
    "charges",
    "tax_amount",
    "rounding",
    "total",
    "prepaid",
    "wht_amount",
)
_CASH_KEYS = ("cash", "change")
_SUMMED = "SUM"
_MOST_RATES = 4
_HEADING_ROWS = 12
_GROSS = re.compile(r"\b(?:gross|brutto|ttc|incl)", re.IGNORECASE)
_NET = re.compile(r"\b(?:net|netto|ht|excl)\b", re.IGNORECASE)
_NO_MONEY = re.compile(r"\b(?:rate|rating|qty|quantity|spots|menge|units|hours)\b|%", re.IGNORECASE)
_ADDS_UP, _ADDS_UP_WITHOUT_TAX, _AGREES_WITH_CASH = 0.6, 0.25, 0.35


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in a segment, and whether it is written like money."""

    money: Money
    start: int
    end: int
    exact: bool


def amounts_in(segment: Segment, start: int, end: int, decimal_mark: str | None) -> list[Amount]:
    """Find the amounts that stand between two characters of a segment, left to right."""
    tokens = [
        (t.text, s)
        for t, s in zip(segment.tokens, segment.starts, strict=True)
        if s + len(t.text) > start and s < end
    ]
    found: list[Amount] = []
    index = 0
    while index < len(tokens):
        text, at = tokens[index]
        at, text = max(at, start), text[max(start - at, 0) :]
        step = 1
        if _HAS_DIGIT.search(arabic_digits(text)):
            amount, step = _amount_at(tokens, index, at, text, decimal_mark)
            if amount is not None:
                found.append(amount)
        index += step
    return found


def _amount_at(
    tokens: list[tuple[str, int]], index: int, at: int, text: str, decimal_mark: str | None
) -> tuple[Amount | None, int]:
    """Read the amount at one token, with a unit before or behind it and thousands apart."""
    follows = tokens[index + 1][0] if index + 1 < len(tokens) else ""
    if text.endswith("%") or follows.startswith("%"):
        return None, 1
    bare = text.strip(" :=;*")
    step, end = 1, at + len(text)
    money = parse_money(bare, decimal_mark=decimal_mark)
    if re.fullmatch(r"[-(]?\d{1,3}", bare) and re.fullmatch(r"\d{3}[.,]\d{2}\)?", follows):
        money = parse_money(f"{bare} {follows}", decimal_mark=decimal_mark)
        step, end = 2, tokens[index + 1][1] + len(follows)
    elif _FAINT_POINT.fullmatch(f"{bare} {follows}") and index + 2 == len(tokens):
        money = parse_money(f"{bare}.{follows}")
        step, end = 2, tokens[index + 1][1] + len(follows)
    if money is None:
        return None, 1
    before = tokens[index - 1][0].strip(":(") if index else ""
    amount, currency = money.amount, money.currency
    if before in ("-", "−", "–") and at - tokens[index - 1][1] <= 2:
        amount = -amount
    if currency is None:
        currency = currency_of(before) or (currency_of(follows) if step == 1 else None)
    exact = currency is not None or bool(re.search(r"[.,]\d{2}\)?-?$", arabic_digits(bare)))
    return Amount(Money(amount, currency), at, end, exact or step == 2), step


def read_amounts(document: Document) -> dict[str, Found[Decimal]]:
    """Choose the sums of a document, at most one a field."""
    candidates = {key: _candidates(document, key) for key in (*_SUM_KEYS, *_CASH_KEYS)}
    _sort_out_rounding(candidates)
    candidates["total"] += _paid_totals(document, candidates)
    if not any(f.strength >= LEAST_STRENGTH for f in candidates["total"]):
        candidates["total"] += _proven_totals(document, candidates)
    candidates["tax_amount"] += _summed_taxes(candidates)
    chosen = _chosen_sums(candidates)
    for key in ("discount", "charges", "rounding", "prepaid", "wht_amount"):
        best = max(candidates[key], key=lambda f: f.strength, default=None)
        if best is not None and best.value != 0:
            chosen[key] = best
    rate = _tax_rate(document)
    several = "tax_amount" in chosen and chosen["tax_amount"].reason == _SUMMED
    if rate is not None and not several:
        chosen["tax_rate"] = rate
    return chosen


def _sort_out_rounding(candidates: dict[str, list[Found[Decimal]]]) -> None:
    """A "rounding" of one unit and more is the rounded total; only the rest are roundings."""
    large = [f for f in candidates["rounding"] if abs(f.value) >= 1]
    candidates["rounding"] = [f for f in candidates["rounding"] if abs(f.value) < 1]
    candidates["total"] += [f.scaled(0.9) for f in large]


def _paid_totals(
    document: Document, candidates: dict[str, list[Found[Decimal]]]
) -> list[Found[Decimal]]:
    """What was paid less the change is the total, if that very amount stands on the page."""
    known = {f.value for f in candidates["total"]}
    paid = {c.value - d.value for c in candidates["cash"][:1] for d in candidates["change"][:1]}
    wanted = {p for p in paid if p > 0} - known
    if not wanted:
        return []
    found = []
    for segment in document.segments():
        for amount in amounts_in(segment, 0, len(segment.text), document.decimal_mark):
            if amount.exact and amount.money.amount in wanted:
                value = amount.money.amount
                found.append(found_in(value, segment, amount.start, amount.end, 0.55))
    return found[-1:]


def _summed_taxes(candidates: dict[str, list[Found[Decimal]]]) -> list[Found[Decimal]]:
    """The sum of the taxes of several rates, where nothing less makes the total."""
    taxes = [t for t in candidates["tax_amount"] if t.value > 0 and t.strength >= LEAST_STRENGTH]
    gaps = {
        total.value - subtotal.value
        for total in candidates["total"]
        for subtotal in candidates["subtotal"]
    }
    if gaps & {t.value for t in taxes}:
        return []
    for count in range(2, min(len(taxes), _MOST_RATES) + 1):
        for parts in combinations(taxes, count):
            value = sum((p.value for p in parts), Decimal(0))
            if value in gaps:
                raw = " + ".join(p.raw for p in parts)
                tokens = tuple(group for p in parts for group in p.tokens)
                strength = min(p.strength for p in parts)
                return [Found(value, raw, tokens, strength, reason=_SUMMED)]
    return []


def _proven_totals(
    document: Document, candidates: dict[str, list[Found[Decimal]]]
) -> list[Found[Decimal]]:
    """Without a label, a total is what subtotal and tax make, or what was paid in cash.

    The very amount must stand on the page a second time, below the sums that make it.
    """
    sums = {
        s.value + t.value: max(s.tokens[0][1][0].y0, t.tokens[0][1][0].y0)
        for s in candidates["subtotal"][:3]
        for t in candidates["tax_amount"][:3]
        if s.value > 0 and t.value > 0
    }
    changed = {c.value for c in candidates["change"] if c.value}
    if not changed and len(candidates["cash"]) == 1:
        cash = candidates["cash"][0]
        sums.setdefault(cash.value, -1.0)
    found = []
    for segment in document.segments():
        for amount in amounts_in(segment, 0, len(segment.text), document.decimal_mark):
            below = sums.get(amount.money.amount)
            if amount.exact and below is not None and segment.y0 > below:
                value = amount.money.amount
                found.append(found_in(value, segment, amount.start, amount.end, 0.6))
    return found[:1]


def _candidates(document: Document, key: str) -> list[Found[Decimal]]:
    found: dict[Decimal, Found[Decimal]] = {}
    for label in document.labels.get(key, ()):
        if (label.segment.sheet, label.segment.row) in document.table_rows:
            continue
        for candidate in _beside(document, label):
            known = found.get(candidate.value)
            if known is None or candidate.strength > known.strength:
                found[candidate.value] = candidate
    ranked = sorted(found.values(), key=lambda f: f.strength, reverse=True)
    return ranked[:MAX_CANDIDATES]


def _beside(document: Document, label: Label) -> Iterator[Found[Decimal]]:
    """The amounts that one label announces: beside it, else under it."""
    words_before = len(label.segment.text[: label.start].split())
    weight = label.weight * (1.0 if words_before == 0 else 0.8 if words_before < 3 else 0.5)
    row: list[tuple[Segment, Amount, float]] = []
    rest = document.rest_of(label)
    if label.weight < STRONG and sum(c.isalpha() for c in rest.text) > 4:
        weight *= 0.7  # "total" goes on, as in "total of goods not returned"
    for place in (rest, *document.right_of(label.segment, _REACH)):
        row += [
            (place.segment, a, place.strength)
            for a in amounts_in(place.segment, place.start, place.end, document.decimal_mark)
        ]
    if not row and label.weight >= STRONG:
        sheet = document.sheets[label.segment.sheet]
        for place in document.below(label.segment, 2):
            row += [
                (place.segment, a, 0.7)
                for a in amounts_in(place.segment, place.start, place.end, document.decimal_mark)
                if _under(label, place.segment, sheet.text_height)
            ]
        row = row[:1]
    exact = [r for r in row if r[1].exact]
    for number, (segment, amount, strength) in enumerate(reversed(exact or row[-1:])):
        crowded = 0.75 if len(exact) > 1 else 1.0
        loose = 1.0 if amount.exact else 0.55
        yield found_in(
            amount.money.amount,
            segment,
            amount.start,
            amount.end,
            weight
            * strength
            * crowded
            * loose
            * (1.0 if number == 0 else 0.8)
            * _column_says(document, label, segment, amount),
        )


def _column_says(document: Document, label: Label, segment: Segment, amount: Amount) -> float:
    """In a row of totals the column's heading tells which amount is which."""
    if label.key != "total" or label.segment is segment or label.weight >= STRONG:
        return 1.0
    sheet = document.sheets[segment.sheet]
    tokens = segment.tokens_between(amount.start, amount.end) or segment.tokens
    for row in reversed(sheet.rows[max(segment.row - _HEADING_ROWS, 0) : segment.row]):
        for above in sheet.overlapping(row, tokens[0].x0, tokens[-1].x1):
            if _GROSS.search(above.text):
                return 1.35
            if _NET.search(above.text):
                return 0.8
            if _NO_MONEY.search(above.text):
                return 0.3
    return 1.0


def _under(label: Label, segment: Segment, text_height: float) -> bool:
    """Under a label stands only what shares its middle or right edge."""
    middle = (label.segment.x0 + label.segment.x1) / 2
    return segment.x0 - text_height <= middle <= segment.x1 + 3 * text_height


def _chosen_sums(candidates: dict[str, list[Found[Decimal]]]) -> dict[str, Found[Decimal]]:
    """Pick total, subtotal and tax together: evidence of each, and more where they add up."""
    paid = {c.value - d.value for c in candidates["cash"][:3] for d in candidates["change"][:3]}
    paid |= {c.value for c in candidates["cash"][:3]}
    extras = {
        key: candidates[key][0].value if candidates[key] else Decimal(0)
        for key in ("discount", "charges", "rounding")
    }
    best: tuple[float, dict[str, Found[Decimal]]] = (0.0, {})
    for total in [*candidates["total"], None]:
        own = _total_score(total, paid, extras["rounding"], candidates["total"])
        for subtotal in [*candidates["subtotal"], None]:
            for tax in [*candidates["tax_amount"], None]:
                picked = {"total": total, "subtotal": subtotal, "tax_amount": tax}
                kept = {k: f for k, f in picked.items() if f is not None}
                score, bonus = own, _arithmetic(kept, extras)
                score += bonus + sum(f.strength for k, f in kept.items() if k != "total") * 0.6
                if score > best[0]:
                    proven = bonus >= _ADDS_UP
                    sure = 1.15 if proven else 1.0
                    scaled = {k: f.scaled(0.85 * sure) for k, f in kept.items()}
                    best = (score, {k: replace(f, checked=proven) for k, f in scaled.items()})
    return {key: with_others(found, candidates[key]) for key, found in best[1].items()}


def _total_score(
    total: Found[Decimal] | None,
    paid: set[Decimal],
    rounding: Decimal,
    others: list[Found[Decimal]],
) -> float:
    if total is None:
        return 0.0
    score = total.strength + (_AGREES_WITH_CASH if total.value in paid and total.value else 0.0)
    if rounding and any(o.value + rounding == total.value for o in others):
        score += _AGREES_WITH_CASH
    return score - (0.5 if total.value == 0 else 0.0)


def _arithmetic(kept: dict[str, Found[Decimal]], extras: dict[str, Decimal]) -> float:
    if "total" not in kept or "subtotal" not in kept:
        return 0.0
    subtotal, total = kept["subtotal"].value, kept["total"].value
    tax = kept["tax_amount"].value if "tax_amount" in kept else None
    if tax is not None and abs(tax) >= abs(total) and total:
        return -_ADDS_UP
    if tax and abs(subtotal + tax - total) <= Decimal("0.02"):
        return _ADDS_UP
    if is_consistent(subtotal=subtotal, total=total, tax=tax or Decimal(0), **extras):
        return _ADDS_UP if tax and subtotal != total else _ADDS_UP_WITHOUT_TAX
    return 0.0 if tax is None else -0.15


def _tax_rate(document: Document) -> Found[Decimal] | None:
    for label in document.labels.get("tax_amount", ()):
        text = arabic_digits(label.segment.text)
        match = _RATE.search(text, label.end) or _RATE.search(text)
        if match and Decimal(0) <= Decimal(match[1].replace(",", ".")) <= 30:
            value = Decimal(match[1].replace(",", "."))
            return found_in(value, label.segment, match.start(), match.end(), 0.85)
    return None
