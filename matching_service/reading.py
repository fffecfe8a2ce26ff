"""Records from JSON lines, with errors that name the line and the field."""

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from hubkit.core.errors import InvalidArgument
from matching_service.matcher.records import Line, Record
from paperwork.values.dates import parse_date
from paperwork.values.money import parse_number

Json = dict[str, object]
MAX_LINES: Final = 2_000
"""Line items of one document that are read; more are refused."""


def read_records(lines: Iterable[str]) -> Iterator[Record]:
    """Read one record a line; empty lines are passed over.

    Raises:
        InvalidArgument: A line is no JSON object, lacks its id or holds a value of a wrong kind.
    """
    seen: set[str] = set()
    for number, text in enumerate(lines, 1):
        if not text.strip():
            continue
        try:
            data = json.loads(text, parse_float=Decimal)
        except ValueError as exc:
            raise InvalidArgument(f"line {number} is no JSON: {exc}") from exc
        if not isinstance(data, dict):
            raise InvalidArgument(f"line {number} is no JSON object")
        try:
            record = record_of(data)
        except InvalidArgument as exc:
            raise InvalidArgument(f"line {number}: {exc}", field=exc.field) from exc
        if record.id in seen:
            raise InvalidArgument(
                f"line {number}: doc_id {record.id!r} stands there twice", field="doc_id"
            )
        seen.add(record.id)
        yield record


def record_of(data: Json) -> Record:
    """Read one record from its JSON object; unknown fields are passed over."""
    received = _received(data)
    total = _number(data, "total")
    return Record(
        id=_text(data, "doc_id", needed=True),
        tenant=_text(data, "tenant"),
        kind=_text(data, "doc_type", needed=True),
        functions=frozenset(_texts(data, "functions")),
        number=_text(data, "number"),
        issued=_day(data, "issue_date", received),
        received=received,
        seller=_text(data, "seller"),
        seller_tax_id=_text(data, "seller_tax_id") or None,
        buyer=_text(data, "buyer"),
        buyer_tax_id=_text(data, "buyer_tax_id") or None,
        currency=_text(data, "currency") or None,
        subtotal=_number(data, "subtotal"),
        tax=_number(data, "tax"),
        total=total,
        order_refs=_texts(data, "po_refs"),
        delivery_refs=_texts(data, "dn_refs"),
        bill_refs=_texts(data, "invoice_refs"),
        lines=_lines(data),
        confidence=_confidence(data),
    )


def _wrong(name: str, wanted: str) -> InvalidArgument:
    return InvalidArgument(f"{name} must be {wanted}", field=name)


def _text(data: Json, name: str, *, needed: bool = False) -> str:
    value = data.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or (needed and not value):
        raise _wrong(name, "a text" + (" and may not be missing" if needed else " or null"))
    return value


def _texts(data: Json, name: str) -> tuple[str, ...]:
    value = data.get(name)
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _wrong(name, "a list of texts or null")
    return tuple(value)


def _number(data: Json, name: str) -> Decimal | None:
    value = data.get(name)
    if value is None or isinstance(value, bool):
        return None
    if isinstance(value, str):
        return parse_number(value)
    if isinstance(value, (int, float, Decimal)):
        number = Decimal(str(value))
        if number.is_finite():
            return number
    raise _wrong(name, "a number or null")


def _received(data: Json) -> date | None:
    text = _text(data, "received_at")
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).date()
    except ValueError as exc:
        raise _wrong("received_at", "an ISO 8601 time or null") from exc


def _day(data: Json, name: str, received: date | None) -> date | None:
    """Read a date as printed; one that can't be read counts as missing."""
    text = _text(data, name)
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        found = parse_date(text, today=received or date(2025, 1, 1))
        return found.value if found else None


def _lines(data: Json) -> tuple[Line, ...]:
    value = data.get("lines") or []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise _wrong("lines", "a list of objects")
    if len(value) > MAX_LINES:
        raise InvalidArgument(f"a document may have {MAX_LINES} lines", field="lines")
    return tuple(
        Line(
            description=_text(one, "description"),
            sku=_text(one, "sku") or None,
            quantity=_number(one, "quantity"),
            unit=_text(one, "unit") or None,
            unit_price=_number(one, "unit_price"),
            amount=_number(one, "amount"),
        )
        for one in value
    )


def _confidence(data: Json) -> dict[str, float]:
    value = data.get("confidence") or {}
    if not isinstance(value, dict):
        raise _wrong("confidence", "an object of numbers")
    return {
        str(name): float(one)
        for name, one in value.items()
        if isinstance(one, (int, float, Decimal)) and not isinstance(one, bool)
    }
