"""One document from its pages: classify, read each group of fields, state confidence and place."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from ocr_service.domain.page import Page
from ocr_service.extraction.amounts import read_amounts
from ocr_service.extraction.classify import Kind, classify
from ocr_service.extraction.confidence import STORED, reading
from ocr_service.extraction.currency import read_currency
from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import LEAST_STRENGTH, Found, found_in
from ocr_service.extraction.lines import MAX_ITEMS, Item, read_line_items
from ocr_service.extraction.parties import read_parties
from ocr_service.extraction.references import read_references
from ocr_service.extraction.slip_lines import read_slip_lines
from paperwork.document_types import etda_code
from paperwork.fields import HEADER_FIELDS
from paperwork.readings import Extraction, Value
from paperwork.validation import judged

_WORDS = re.compile(r"[\(（]?\s*([\u0e01-\u0e5b\s]{4,200}(?:บาทถ้วน|สตางค์|บาท))\s*[\)）]?")


@dataclass(frozen=True, slots=True)
class Gathered:
    """All that was found in a document, before its confidence is told.

    Attributes:
        document: The pages as the readers saw them.
        kind: What it is.
        found: The header fields by key.
        items: The line items in the page's order.
    """

    document: Document
    kind: Kind
    found: dict[str, Found[Value]]
    items: list[Item]


def extract(pages: Sequence[Page], today: date) -> Extraction:
    """Read the typed fields and the line items of one document.

    Pure and linear in the number of words. A field without good evidence is left out.

    Args:
        pages: The document's pages in order; failed and empty ones are passed over.
        today: The reader's day, which settles two-digit years.

    Returns:
        Fields by key with value, raw text, confidence, source, regions and alternatives; line
        items in the page's order; and the ids of the checks that the values fail, as warnings.
    """
    gathered = gather(pages, today)
    sheets, kind = gathered.document.sheets, gathered.kind
    fields = {key: reading(key, found, sheets) for key, found in gathered.found.items()}
    lines = tuple(
        {key: reading(key, cell, sheets, cell=True) for key, cell in item.items()}
        for item in gathered.items
    )
    cut = ("LINE_ITEMS_CUT",) if len(lines) >= MAX_ITEMS else ()
    confidence = round(STORED.confidence("TYPE", kind.features), 4)
    found_here = Extraction(
        kind.main,
        kind.functions,
        confidence,
        fields,
        lines,
        cut,
        type_alternatives=tuple((key, round(share, 4)) for key, share in kind.others),
        etda_code=etda_code(kind.functions),
        is_copy=kind.is_copy,
    )
    return judged(found_here, today)


def gather(pages: Sequence[Page], today: date) -> Gathered:
    """Find what `extract` tells, with the evidence for each finding."""
    document = Document.of([p for p in pages if p.failure is None and p.lines], today)
    items = read_line_items(document)
    kind = classify(document)
    found: dict[str, Found[Value]] = {}
    found.update(read_references(document, kind))
    found.update(read_parties(document))
    amounts = read_amounts(document)
    found.update(amounts)
    if not items:
        items = read_slip_lines(
            document, {amounts[key].value for key in ("subtotal", "total") if key in amounts}
        )
    currency = read_currency(document)
    if currency is not None:
        found["currency"] = currency
    words = _amount_in_words(document)
    if words is not None:
        found["amount_in_words"] = words
    kept = {
        key: found[key]
        for key in HEADER_FIELDS
        if key in found and found[key].strength >= LEAST_STRENGTH
    }
    return Gathered(document, kind, kept, items)


def _amount_in_words(document: Document) -> Found[str] | None:
    for segment in document.segments():
        if len(segment.text) <= 200:
            match = _WORDS.fullmatch(segment.text.strip())
            if match:
                return found_in(match[1].strip(), segment, 0, len(segment.text), 0.9)
    return None
