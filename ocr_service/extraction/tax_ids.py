"""Tax ids and branches, given to the party whose place on the page is nearest above."""

from __future__ import annotations

import re
from dataclasses import replace

from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found, found_in
from ocr_service.extraction.layout import Segment
from ocr_service.extraction.lexicon import Label
from ocr_service.extraction.names import Anchor
from paperwork.values.parties import parse_branch, parse_tax_id
from paperwork.values.text import arabic_digits, fold, has_thai

_TAX_ID = re.compile(
    r"[A-Za-z]{0,6}\s?\d[\dA-Za-z]{0,20}(?:\s?[ .\-/]\s?[\dA-Za-z]{0,6}\d[\dA-Za-z]{0,12}){0,8}"
)


def read_tax_ids(document: Document, anchors: list[Anchor]) -> dict[str, Found[str]]:
    """Tax ids and branches, each given to the party whose place on the page is nearest above."""
    out: dict[str, Found[str]] = {}
    for label in [*document.labels.get("tax_id", ()), *document.labels.get("tax_amount", ())]:
        if label.weight < 1.0 and not label.leads:
            continue
        found = _tax_id(document, label)
        if found is not None and label.key == "tax_amount" and not found.value[0].isalpha():
            found = None  # after a bare "VAT" only a number with its country is an identifier
        role = _owner(document, label.segment, anchors)
        if role == "third_party":
            continue
        known = out[f"{role}_tax_id"].strength if f"{role}_tax_id" in out else 0.0
        if found is not None and found.strength > 1.2 * known:
            out[f"{role}_tax_id"] = found
        branch = parse_branch(label.segment.text[label.end : label.end + 60])
        if branch is not None and has_thai(fold(label.segment.text)):
            out.setdefault(
                f"{role}_branch",
                found_in(branch, label.segment, label.end, len(label.segment.text), 0.85),
            )
    return out


def _tax_id(document: Document, label: Label) -> Found[str] | None:
    for place in document.places(label):
        match = _TAX_ID.search(arabic_digits(place.text[:80]))
        if match is None or match.start() > 4:
            if not place.below:
                continue
            return None
        tax_id = parse_tax_id(match[0])
        if tax_id is None:
            continue
        sure = 0.98 if tax_id.proven else 0.6 if tax_id.scheme == "TH" else 0.88
        start = place.start + match.start()
        strength = label.weight * sure * place.strength
        found = found_in(tax_id.value, place.segment, start, place.start + match.end(), strength)
        return replace(found, checked=tax_id.proven)
    return None


def _owner(document: Document, segment: Segment, anchors: list[Anchor]) -> str:
    sheet = document.sheets[segment.sheet]
    near = 0.1 * sheet.width
    above = [
        a
        for a in anchors
        if a.segment.sheet == segment.sheet
        and a.segment.y0 <= segment.y0 + 1
        and segment.y0 - a.segment.y1 < 0.25 * sheet.height
        and (abs(a.segment.x0 - segment.x0) < near or _overlap(a.segment, segment))
    ]
    if not above:
        return "seller"
    # On one line the party's own name or label wins over what merely stands beside it.
    return max(above, key=lambda a: (a.segment.y0, -abs(a.segment.x0 - segment.x0))).role


def _overlap(a: Segment, b: Segment) -> bool:
    return min(a.x1, b.x1) - max(a.x0, b.x0) > 0.3 * min(a.x1 - a.x0, b.x1 - b.x0)
