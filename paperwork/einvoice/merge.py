"""The invoice inside a file outranks what was read from its pages; where they differ, both show."""

from __future__ import annotations

import difflib
from dataclasses import replace
from decimal import Decimal
from typing import Final

from paperwork.document_types import OTHER, has_function, main_function
from paperwork.readings import (
    Alternative,
    Extraction,
    FieldReading,
    Finding,
    Severity,
    Value,
    canonical,
)
from paperwork.values.parties import bare_company_name
from paperwork.values.text import squash

DIFFERS: Final = "einvoice.differs"
PAGE: Final = "PAGE"
"""Reason of an alternative that the page shows against the data."""
SURELY_READ: Final = 0.5
"""What the page is read as counts against the data from this confidence on."""
_LOOSE: Final = frozenset({"seller_address", "buyer_address", "description", "unit"})
"""Written in many ways; their differences are no news."""
_ALIKE: Final = 0.7
_MAX_COMPARED: Final = 300
"""Lines paired with those on the page; of longer invoices the rest keep no place."""


def merge(read: Extraction, embedded: Extraction) -> Extraction:
    """Put an embedded invoice over what was read.

    A value that the page shows too takes its place there. Where the page says something else, the
    invoice's value stands, the page's becomes its first alternative, and a finding names the
    field. What the invoice does not say is kept as it was read; its lines replace those read.

    Args:
        read: From the pages.
        embedded: From the data file inside the document.
    """
    fields = dict(read.fields)
    findings: list[Finding] = []
    for key, field in embedded.fields.items():
        seen = read.fields.get(key)
        fields[key] = _placed(field, seen)
        if seen is not None and _differs(field, seen):
            findings.append(_finding(key, field.value, seen.value))
    lines = embedded.line_items or read.line_items
    if embedded.line_items and read.line_items:
        lines = _placed_lines(embedded.line_items, read.line_items)
    functions = embedded.functions
    if has_function(read.functions, embedded.document_type):
        functions = tuple(dict.fromkeys((*embedded.functions, *read.functions)))
    elif _is_another_type(read, embedded):
        findings.append(_finding("document_type", embedded.document_type, read.document_type))
    return replace(
        embedded,
        document_type=main_function(functions),
        functions=functions,
        fields=fields,
        line_items=lines,
        warnings=tuple(dict.fromkeys((*read.warnings, *embedded.warnings))),
        findings=(*read.findings, *findings),
    )


def _is_another_type(read: Extraction, embedded: Extraction) -> bool:
    """Tell whether the page is surely of a type that the invoice's functions do not cover."""
    return (
        read.document_type != OTHER
        and read.type_confidence >= SURELY_READ
        and not has_function(embedded.functions, read.document_type)
    )


def _placed(field: FieldReading, seen: FieldReading | None) -> FieldReading:
    if seen is None:
        return field
    if _same(field.key, field.value, seen.value):
        return replace(field, regions=seen.regions, raw_text=seen.raw_text)
    if field.key in _LOOSE:
        return replace(field, regions=seen.regions)
    other = Alternative(seen.value, seen.raw_text, seen.confidence, PAGE, seen.regions)
    return replace(field, alternatives=(other,))


def _differs(field: FieldReading, seen: FieldReading) -> bool:
    return (
        field.key not in _LOOSE
        and seen.confidence >= SURELY_READ
        and not _same(field.key, field.value, seen.value)
    )


def _same(key: str, one: Value, other: Value) -> bool:
    if not isinstance(one, str) or not isinstance(other, str):
        if isinstance(one, Decimal) and isinstance(other, Decimal):
            return abs(abs(one) - abs(other)) < Decimal("0.005")
        return one == other
    if key.endswith("_name"):
        a, b = bare_company_name(one), bare_company_name(other)
        return a == b or (min(len(a), len(b)) > 4 and (a in b or b in a))
    return squash(one) == squash(other)


def _finding(key: str, stands: Value, page: Value) -> Finding:
    in_data, on_page = canonical(stands)[:60], canonical(page)[:60]
    return Finding(
        DIFFERS,
        Severity.WARNING,
        f"The data file inside the document says {in_data}, the page says {on_page}; the data"
        " file's value is taken. Ask the sender which is right.",
        f"ไฟล์ข้อมูลในเอกสารระบุ {in_data} แต่หน้าเอกสารระบุ {on_page} ระบบใช้ค่าจากไฟล์ข้อมูล"
        " โปรดสอบถามผู้ส่งว่าค่าใดถูกต้อง",
        (key,),
    )


Line = dict[str, FieldReading]


def _placed_lines(lines: tuple[Line, ...], read: tuple[Line, ...]) -> tuple[Line, ...]:
    """Give the lines their places on the page, each pair of lines the most alike first."""
    pairs = sorted(
        (
            (score, i, j)
            for i, line in enumerate(lines[:_MAX_COMPARED])
            for j, seen in enumerate(read[:_MAX_COMPARED])
            if (score := _likeness(line, seen)) >= _ALIKE
        ),
        key=lambda pair: (-pair[0], abs(pair[1] - pair[2])),
    )
    partner: dict[int, Line] = {}
    taken: set[int] = set()
    for _, i, j in pairs:
        if i not in partner and j not in taken:
            partner[i] = read[j]
            taken.add(j)
    return tuple(
        {key: _placed(cell, partner.get(i, {}).get(key)) for key, cell in line.items()}
        for i, line in enumerate(lines)
    )


def _likeness(line: Line, seen: Line) -> float:
    """How alike two lines are: equal amounts count half, the words of the description the rest."""
    score = 0.0
    a, b = line.get("amount"), seen.get("amount")
    if a is not None and b is not None:
        if not _same("amount", a.value, b.value):
            return 0.0
        score = 0.5
    words, others = (_description(each) for each in (line, seen))
    if not words or not others:
        return score + 0.2
    alike = difflib.SequenceMatcher(None, words, others).ratio() if words != others else 1.0
    return score + 0.5 * alike


def _description(line: Line) -> str:
    found = line.get("description")
    return squash(canonical(found.value))[:80] if found else ""
