"""Values of a data file as field readings: typed, sure, and without a place on the page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from paperwork.einvoice.tree import Node
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS, FieldType
from paperwork.readings import FieldReading, FieldSource, Value
from paperwork.values.parties import HEAD_OFFICE, parse_tax_id

CONFIDENCE: Final = 1.0
MAX_VALUE_CHARS: Final = 500
_DECIMAL: Final = re.compile(r"[-+]?(?:\d{1,20}(?:\.\d{0,12})?|\.\d{1,12})")
_DAY: Final = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?:[T ].{0,40}|Z|[-+]\d\d:\d\d|\d{4,6})?")
_THAI_WITH_BRANCH: Final = re.compile(r"(\d{13})(\d{5})")


@dataclass(slots=True)
class Cells:
    """Collects the readings of the document or of one line.

    Attributes:
        extractor: What each reading is said to be found by.
        is_line: The keys are those of line items.
        found: So far, by key.
    """

    extractor: str
    is_line: bool = False
    found: dict[str, FieldReading] = field(default_factory=dict)

    def put(self, key: str, text: str) -> None:
        """Take the text of an element as the value of a field, where it is one of its type."""
        kind = (LINE_FIELDS if self.is_line else HEADER_FIELDS)[key].type
        value = typed(kind, text)
        if value is not None:
            self.put_value(key, value, text)

    def put_value(self, key: str, value: Value, text: str = "") -> None:
        """Take a value that was worked out."""
        raw = text or (format(value, "f") if isinstance(value, Decimal) else str(value))
        self.found[key] = FieldReading(
            key,
            value,
            raw[:MAX_VALUE_CHARS],
            CONFIDENCE,
            FieldSource.XML,
            extractor=self.extractor,
        )

    def put_amount(self, key: str, value: Decimal | None) -> None:
        """Take an amount that says something: none that is absent or nought."""
        if value:
            self.put_value(key, value)

    def put_tax_id(self, role: str, ids: Iterable[tuple[str, str]]) -> None:
        """Take the best of a party's tax ids, given as (scheme, text); VAT numbers come first.

        A Thai number of 18 digits is the tax id and the branch behind it.
        """
        ranked = sorted(ids, key=lambda each: each[0] in ("FC", "CCPT"))
        for _, text in ranked:
            thai = _THAI_WITH_BRANCH.fullmatch(text)
            tax_id = parse_tax_id(thai[1] if thai else text)
            if tax_id is None:
                continue
            self.put_value(f"{role}_tax_id", tax_id.value, text)
            if thai:
                self.put_value(f"{role}_branch", thai[2], text)
            return


def typed(kind: FieldType, text: str) -> Value | None:
    """Read an element's text as a value of a field's type; None when it is none."""
    if not text:
        return None
    if kind.value_type is Decimal:
        return decimal_of(text)
    if kind is FieldType.DATE:
        return day_of(text)
    return " ".join(text.split())[:MAX_VALUE_CHARS] or None


def decimal_of(text: str) -> Decimal | None:
    """Read a decimal as XML writes it; None when it is none."""
    bare = text.strip()
    try:
        return Decimal(bare) if _DECIMAL.fullmatch(bare) else None
    except InvalidOperation:
        return None


def day_of(text: str) -> date | None:
    """Read a day as 2024-01-31, with or without hyphens and a time behind it."""
    match = _DAY.fullmatch(text.strip())
    try:
        return date(int(match[1]), int(match[2]), int(match[3])) if match else None
    except ValueError:
        return None


def amount_at(node: Node | None, *paths: str) -> Decimal | None:
    """Give the first decimal at the first path that leads to one."""
    return decimal_of(node.text_at(*paths)) if node is not None else None


def branch_of(text: str) -> str | None:
    """Read a branch code of up to five digits; None when it is none."""
    bare = text.strip()
    if not re.fullmatch(r"\d{1,5}", bare):
        return None
    return bare.zfill(len(HEAD_OFFICE))


def address_of(parts: Iterable[str]) -> str:
    """Join the parts of an address; the codes of Thai provinces and districts say nothing."""
    kept = [part for part in parts if part and part != "-"]
    return ", ".join(dict.fromkeys(kept))
