"""Numbers and dates of a document: which label counts depends on what kind of paper it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

from ocr_service.extraction.classify import Kind
from ocr_service.extraction.document import Document, Place
from ocr_service.extraction.evidence import Found, found_in, with_others
from ocr_service.extraction.lexicon import Label
from ocr_service.extraction.misread_dates import find_misread_dates
from ocr_service.extraction.names import STREET
from paperwork.document_types import OTHER
from paperwork.readings import FieldSource
from paperwork.values.dates import DateReading, find_dates
from paperwork.values.money import CURRENCIES
from paperwork.values.text import arabic_digits

_NUMBER_LABELS: dict[str, tuple[tuple[str, float], ...]] = {
    "purchase_order": (("number_order", 1.0), ("number_any", 0.85)),
    "delivery_note": (("number_delivery", 1.0), ("number_any", 0.85), ("number_invoice", 0.6)),
    "goods_receipt": (("number_delivery", 0.8), ("number_any", 0.9)),
    "receipt": (("number_receipt", 1.0), ("number_invoice", 0.95), ("number_any", 0.85)),
    "contract": (("number_contract", 1.0), ("number_any", 0.8)),
    "quotation": (("number_any", 0.9),),
    "other": (("number_any", 0.6), ("number_invoice", 0.6)),
}
_INVOICE_LABELS = (("number_invoice", 1.0), ("number_receipt", 0.8), ("number_any", 0.85))
_CODE = re.compile(r"[#:]{0,2}(?P<code>[A-Za-z0-9][A-Za-z0-9/_.\-\\]{0,39})")
_SERIES = re.compile(r"[A-Z]{1,4}$")
_AFTER_TITLE = re.compile(r"(?:\b(?:nr|no|nummer|number|num)\b|#|№|n°|เลขที่)[\s.:#]*", re.IGNORECASE)
_GLUED = re.compile(r"(?<=\d)(?:vom|von|from|dated|date)\b.*$")  # the space was lost
_DATED = re.compile(r"\b(?:vom|von|from|dated|of|du|del|of)\s*$", re.IGNORECASE)


def read_references(document: Document, kind: Kind) -> dict[str, Found[str] | Found[date]]:
    """Read the document's own number, the order it refers to, and its dates."""
    out: dict[str, Found[str] | Found[date]] = {}
    number = _best(
        [
            *_labelled_codes(document, _NUMBER_LABELS.get(kind.main, _INVOICE_LABELS)),
            *_codes_in_headings(document, kind),
        ]
    )
    if number is not None:
        out["number"] = number
    if kind.main == OTHER and number is None:
        number = _letter_number(document)
        if number is not None:
            out["number"] = number
    if kind.main not in ("purchase_order", OTHER):
        order = _best(list(_labelled_codes(document, (("number_order", 1.0),))))
        if order is not None:
            out["po_number"] = order
    out.update(_dates(document, kind))
    return out


def _best(candidates: list[Found[str]]) -> Found[str] | None:
    """The strongest; among equals the first on the page, and a value seen twice gains."""
    if not candidates:
        return None
    seen: dict[str, int] = {}
    for candidate in candidates:
        seen[candidate.value] = seen.get(candidate.value, 0) + 1
    best = max(candidates, key=lambda f: f.strength + 0.03 * min(seen[f.value] - 1, 2))
    return with_others(best, candidates)


def _labelled_codes(
    document: Document, keys: tuple[tuple[str, float], ...]
) -> Iterator[Found[str]]:
    for key, factor in keys:
        for label in document.labels.get(key, ()):
            in_table = (label.segment.sheet, label.segment.row) in document.table_rows
            if in_table and (key != "number_order" or label.weight < 1.0):
                continue  # an item may name its order, but no other number of the document
            weak = key == "number_any" and label.weight < 1.0
            if weak and STREET.search(label.segment.text, label.end):
                continue  # the "No." of a house
            if not label.leads and not (label.weight >= 1.0 and _after_a_value(document, label)):
                continue
            found = _first_code(document, label)
            if found is not None:
                yield found.scaled(factor * label.weight * (0.8 if in_table else 1.0))


def _after_a_value(document: Document, label: Label) -> bool:
    """A label further right in its segment counts when another label opened the segment."""
    labels = document.labels_in(label.segment)
    return labels[0].start < label.start or label.start < 40


def _first_code(document: Document, label: Label) -> Found[str] | None:
    for place in document.places(label):
        code = _code(document, place)
        if code is not None:
            return code
        if not place.below:
            return None  # what stands beside the label is its value, code or not
    return None


def _code(document: Document, place: Place) -> Found[str] | None:
    """Read one reference at the start of a place: it has a digit and is no date and no amount."""
    text = arabic_digits(place.text)
    start = len(text) - len(text.lstrip(" #:.№-"))
    match = _CODE.match(text, start)
    if match is None:
        return None
    code_start, code_end = match.start("code"), match.end("code")
    code = match["code"]
    if _SERIES.fullmatch(code) and code_end < len(text) and code.upper() not in CURRENCIES:
        more = _CODE.match(text, code_end + 1)
        if more and more["code"][0].isdigit():
            code_end = more.end("code")
    code = _GLUED.sub("", text[code_start:code_end]).rstrip(".-/\\")
    dates = find_dates(text, today=document.today, month_first=document.month_first)
    if any(d.start <= code_start and code_end <= d.end for d in dates):
        return None
    if not any(c.isdigit() for c in code) or re.fullmatch(r"\d{1,3}(?:[.,]\d{3})*[.,]\d{2}", code):
        return None
    words_after = len(text[code_end:].split())
    strength = place.strength * (0.96 if words_after < 4 else 0.6) * (0.8 if len(code) < 3 else 1.0)
    offset = place.start
    return found_in(
        code, place.segment, offset + code_start, offset + code_start + len(code), strength
    )


def _codes_in_headings(document: Document, kind: Kind) -> Iterator[Found[str]]:
    """A number printed in the heading itself: "Rechnung Nr. 123 vom ...", "INVOICE # 7"."""
    for heading in kind.headings:
        segment = heading.segment
        match = _AFTER_TITLE.search(segment.text, heading.end)
        if match:
            code = _code(document, Place(segment, match.end(), len(segment.text), 0.97))
            if code is not None:
                yield code.scaled(1.2)
        for place in document.right_of(segment):
            opener = _AFTER_TITLE.match(place.text)
            if opener:
                start = place.start + opener.end()
                code = _code(document, Place(place.segment, start, len(place.segment.text), 0.95))
                if code is not None:
                    yield code.scaled(1.2)


def _letter_number(document: Document) -> Found[str] | None:
    """The reference at the head of a Thai letter, written "ที่ ... 123/2568"."""
    for segment in document.segments():
        if segment.sheet or segment.y0 > 0.3 * document.sheets[0].height:
            return None
        if segment.text.startswith("ที่ ") and any(c.isdecimal() for c in segment.text):
            end = len(segment.text)
            return found_in(arabic_digits(segment.text), segment, 0, end, 0.85)
    return None


def _dates(document: Document, kind: Kind) -> dict[str, Found[date]]:
    out: dict[str, Found[date]] = {}
    claimed: set[tuple[int, int, int, int]] = set()
    for key in ("due_date", "order_date", "other_date"):
        found = list(_labelled_dates(document, key, claimed))
        if key == "due_date" and found:
            out["due_date"] = _likeliest(found)
    issued = [*_labelled_dates(document, "issue_date", claimed), *_heading_dates(document, kind)]
    if kind.main == "purchase_order":
        issued += _labelled_dates(document, "order_date", set())
    if not issued:
        issued = list(_free_dates(document, claimed))
    latest = document.today + timedelta(days=400)
    issued = [f for f in issued if f.value <= latest]
    if issued:
        out["issue_date"] = _likeliest(issued)
    if (
        "due_date" in out
        and "issue_date" in out
        and out["due_date"].value < out["issue_date"].value
    ):
        del out["due_date"]
    return out


def _likeliest(found: list[Found[date]]) -> Found[date]:
    return with_others(max(found, key=lambda f: f.strength), found)


def _labelled_dates(
    document: Document, key: str, claimed: set[tuple[int, int, int, int]]
) -> Iterator[Found[date]]:
    for label in document.labels.get(key, ()):
        if (label.segment.sheet, label.segment.row) in document.table_rows:
            continue
        weight = label.weight if label.leads else label.weight * 0.7
        tried = 0
        for place in document.places(label):
            found = _dates_at(document, place)
            if found:
                first = found[0]
                for start in _starts(document, place):
                    claimed.add(
                        (place.segment.sheet, place.segment.row, place.segment.place, start)
                    )
                yield first.scaled(weight)
                break
            tried += not place.below
            if tried > 2:
                break


def _starts(document: Document, place: Place) -> list[int]:
    return [place.start + d.start for d in _read(document, place)]


def _dates_at(document: Document, place: Place) -> list[Found[date]]:
    return [_dated(place, d) for d in _read(document, place)]


def _read(document: Document, place: Place) -> list[DateReading]:
    found = find_dates(place.text, today=document.today, month_first=document.month_first)
    if not found and document.sheets[place.segment.sheet].source is FieldSource.OCR:
        return find_misread_dates(place.text, today=document.today)
    return found


def _dated(place: Place, read: DateReading) -> Found[date]:
    """A date with its other reading, where day and month may be told either way."""
    start, end = place.start + read.start, place.start + read.end
    sure = (0.95 if read.alternative is None else 0.88) * (1.0 if read.certain else 0.95)
    found = found_in(read.value, place.segment, start, end, place.strength * sure)
    if read.alternative is None:
        return found
    other = replace(found, value=read.alternative, reason="DAY_MONTH", strength=0.3)
    return replace(found, others=(other,))


def _heading_dates(document: Document, kind: Kind) -> Iterator[Found[date]]:
    """A date in the heading's own row, or in the next when the row ends in "of" or "vom"."""
    for heading in kind.headings[:1]:
        segments = [heading.segment, *(p.segment for p in document.right_of(heading.segment))]
        for segment in segments:
            yield from _dates_at(document, Place(segment, 0, len(segment.text), 0.95))
        if _DATED.search(segments[-1].text):
            for place in document.below(segments[0], 1):
                yield from _dates_at(document, place)


def _free_dates(
    document: Document, claimed: set[tuple[int, int, int, int]]
) -> Iterator[Found[date]]:
    """Dates that no label claims, outside the item table: the first is the likeliest issue date."""
    free: list[Found[date]] = []
    for segment in document.segments():
        if (segment.sheet, segment.row) in document.table_rows or len(free) >= 40:
            continue
        if len(segment.tokens) > 8:
            continue
        place = Place(segment, 0, len(segment.text), 0.75)
        for found, start in zip(_dates_at(document, place), _starts(document, place), strict=True):
            if (segment.sheet, segment.row, segment.place, start) not in claimed:
                free.append(found)
    distinct = len({f.value for f in free})
    for rank, found in enumerate(free[:5]):
        yield found.scaled((1.0 if distinct == 1 else 0.8) * (0.97**rank))
