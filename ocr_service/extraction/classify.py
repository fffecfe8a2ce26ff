"""What kind of paper this is: headings first, then the labels that only one kind carries."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from rapidfuzz import process
from rapidfuzz.distance import Levenshtein

from ocr_service.extraction.document import Document
from ocr_service.extraction.layout import Segment, Sheet
from ocr_service.extraction.lexicon import Label, Lexicon
from paperwork.document_types import DOCUMENT_TYPES, OTHER, main_function
from paperwork.readings import FieldSource
from paperwork.values.text import has_thai, squash

TITLES = Lexicon(
    (title, kind.key, 1.0) for kind in DOCUMENT_TYPES.values() for title in kind.titles
)
"""Headings in all languages, by document type."""

_THAI_TITLES = {
    squash(title): kind.key
    for kind in DOCUMENT_TYPES.values()
    for title in kind.titles
    if has_thai(title)
}
_HEAD_ROWS = 30  # titles with a slip are looked for in these

_COMPOUND = re.compile(
    r"\w{2,30}((?<!ab)(?<!be)rechnung|gutschrift|bestellung|lieferschein|vertrag)\b"
)
_COMPOUND_TYPES = {
    "rechnung": "invoice",
    "gutschrift": "credit_note",
    "bestellung": "purchase_order",
    "lieferschein": "delivery_note",
    "vertrag": "contract",
}
_HINTS = {
    "number_invoice": "invoice",
    "number_receipt": "receipt",
    "number_delivery": "delivery_note",
    "number_contract": "contract",
    "number_order": "purchase_order",
}
_BOTH = re.compile(r"ใบแจ้งหนี้")
_COPY = re.compile(r"duplicate|original|copy|ต้นฉบับ|สำเนา|kopie|copie", re.IGNORECASE)
_NUMBERED = re.compile(
    r"[^\w#]{0,3}(\(\d+\))?\W{0,3}(nr|no|number|#|des|de)(?![a-z])", re.IGNORECASE
)
_LETTER = re.compile(r"^(เรื่อง|เรียน)(\s|:|$)")
_ORIGINAL = ("original", "ต้นฉบับ")
_LEAST_SCORE = 0.25
_LEAST_OTHER = 0.1


@dataclass(frozen=True, slots=True)
class Heading:
    """A segment that announces document types.

    Attributes:
        segment: Where it stands.
        types: The types it names, in order.
        end: Index behind the last title in the segment's text.
        score: How much it looks like the document's own heading, in [0, 1].
    """

    segment: Segment
    types: tuple[str, ...]
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class Kind:
    """The outcome.

    Attributes:
        main: The main function.
        functions: All of them.
        confidence: How good the evidence is, in [0, 1].
        headings: Those that told, the best first.
        others: Types that other headings name, with their share of what is left of certainty.
        is_copy: It is marked as a copy, or as the original; None without a mark.
    """

    main: str
    functions: tuple[str, ...]
    confidence: float
    headings: tuple[Heading, ...] = ()
    others: tuple[tuple[str, float], ...] = ()
    is_copy: bool | None = None

    @property
    def features(self) -> tuple[float, ...]:
        """The features of a confidence: a type has evidence alone."""
        bounded = min(max(self.confidence, 0.02), 0.98)
        return (math.log(bounded / (1 - bounded)), 0.0, 0.0, 0.0, 0.0)


def classify(document: Document) -> Kind:
    """Tell the functions of a document, and whether it is a copy."""
    return replace(_kind(document), is_copy=_copy_mark(document))


def _copy_mark(document: Document) -> bool | None:
    """Read "original" or "copy" where it stands by itself near the first page's edges."""
    marks = set()
    for sheet in document.sheets[:1]:
        for segment in (s for row in sheet.rows for s in row):
            inner = 0.3 * sheet.height < segment.y0 < 0.9 * sheet.height
            found = [] if inner or len(segment.text) > 60 else list(_COPY.finditer(segment.text))
            covered = sum(len(squash(m[0])) for m in found)
            titled = sum(t.end - t.start for t in TITLES.find(segment)) if found else 0
            if found and 2 * (covered + titled) >= len(squash(segment.text)):
                marks |= {m[0].casefold() in _ORIGINAL for m in found}
    return not marks.pop() if len(marks) == 1 else None


def _kind(document: Document) -> Kind:
    headings = sorted(_headings(document), key=lambda h: h.score, reverse=True)
    if headings and headings[0].score >= _LEAST_SCORE:
        best = headings[0]
        near = [
            h
            for h in headings
            if h is best
            or (
                h.score >= 0.75 * best.score
                and h.segment.sheet == best.segment.sheet
                and abs(h.segment.y0 - best.segment.y0) < 4 * best.segment.height
            )
        ]
        functions = set().union(*(h.types for h in near))
        claims = functions & {"tax_invoice", "credit_note", "debit_note"}
        if claims and not any(_BOTH.search(h.segment.text) for h in near):
            functions.discard("invoice")  # "invoice" beside "tax invoice" says nothing more
        main = main_function(functions)
        ordered = tuple(key for key in DOCUMENT_TYPES if key in functions)
        confidence = round(min(0.5 + best.score / 2, 0.98), 4)
        others = _others(headings, functions, best.score)
        return Kind(main, ordered, confidence, tuple(near), others)
    if _is_letter(document):
        return Kind(OTHER, (OTHER,), 0.7)
    hinted = _hinted(document)
    return Kind(hinted, (hinted,), 0.5 if hinted != OTHER else 0.3)


def _others(
    headings: list[Heading], functions: set[str], best: float
) -> tuple[tuple[str, float], ...]:
    scores: dict[str, float] = {}
    for heading in headings:
        for key in heading.types:
            if key not in functions and heading.score >= _LEAST_OTHER:
                scores.setdefault(key, heading.score)
    whole = best + sum(scores.values())
    return tuple((key, round(score / whole / 2, 4)) for key, score in scores.items())[:3]


def _headings(document: Document) -> Iterator[Heading]:
    for sheet in document.sheets[:2]:
        for row in sheet.rows:
            for segment in row:
                if (
                    len(segment.text) <= 80
                    and (sheet.index, segment.row) not in document.table_rows
                ):
                    heading = _heading(document, sheet, segment)
                    if heading is not None:
                        yield heading


def _heading(document: Document, sheet: Sheet, segment: Segment) -> Heading | None:
    titles = _titles(sheet, segment)
    copy = _COPY.search(segment.text)
    spaced = all(len(t.text) == 1 for t in segment.tokens) and len(segment.tokens) > 4
    text = segment.text.replace(" ", "") if spaced else segment.text
    compound = _COMPOUND.search(text.casefold())
    types = [t.key for t in titles]
    end = max((t.end for t in titles), default=0)
    named = sum(len(squash(segment.text[t.start : t.end])) for t in titles)
    named += len(squash(copy[0])) if copy else 0
    if compound and not titles:
        types = [_COMPOUND_TYPES[compound[1]]]
        named = len(compound[0])
        end = len(segment.text) if spaced else compound.end()
    if not types:
        return None
    share = min(named / max(len(squash(segment.text)), 1), 1.0)
    rest = segment.text[end:]
    before = (
        segment.text[: titles[0].start] if titles else text[: compound.start() if compound else 0]
    )
    starts_it = not any(c.isalnum() for c in _COPY.sub("", before))
    if segment.text.startswith(":"):
        share *= 0.5  # the value of some label
    numbered = _NUMBERED.match(rest) is not None
    if numbered and starts_it and any(c.isdigit() for c in rest):
        share = max(share, 0.95)
    if _labels_a_value(document, segment, titles):
        share *= 0.35
    if not starts_it:
        share *= 0.6
    beside = next(document.right_of(segment, 10.0), None)
    if beside is not None and _NUMBERED.match(beside.text) and starts_it:
        share = max(share, 0.95)
    elif beside is not None and any(c.isdigit() for c in beside.text) and not numbered:
        share *= 0.6  # "Contract | 4250800" is a label and its value
    size = min(max(segment.height / max(sheet.text_height, 1.0), 0.8), 2.0) / 2.0
    height = max(sheet.height, 1.0)
    place = 1.0 if segment.y0 < 0.45 * height else 0.6
    first = 1.0 if sheet.index == 0 else 0.5
    return Heading(
        segment, tuple(dict.fromkeys(types)), end, share * place * first * (0.55 + 0.45 * size)
    )


def _titles(sheet: Sheet, segment: Segment) -> list[Label]:
    """The titles in a segment; in a picture also Thai ones with a mark or letter misread."""
    titles = TITLES.find(segment)
    if sheet.source is not FieldSource.OCR or segment.row > _HEAD_ROWS:
        return titles
    start = 0
    for part in segment.text.split("/"):
        end = start + len(part)
        word = squash(part)
        if has_thai(word) and not any(start < t.end and t.start < end for t in titles):
            match = process.extractOne(
                word, _THAI_TITLES.keys(), scorer=Levenshtein.distance, score_cutoff=len(word) // 7
            )
            if match is not None:
                titles.append(Label(_THAI_TITLES[match[0]], 0.9, segment, start, end))
        start = end + 1
    return sorted(titles, key=lambda t: t.start)


def _labels_a_value(document: Document, segment: Segment, titles: list[Label]) -> bool:
    """A title inside a label such as "invoice number", or before a colon, is no heading."""
    for label in document.labels_in(segment):
        if label.key.startswith(
            ("number_", "po", "other_date", "order_date", "issue_date", "due_date", "absorb")
        ):
            for title in titles:
                if label.start <= title.start and title.end < label.end:
                    return True
    return segment.text.rstrip().endswith(":")


def _is_letter(document: Document) -> bool:
    opened = {m[1] for s in document.segments() if (m := _LETTER.match(s.text))}
    return len(opened) == 2


def _hinted(document: Document) -> str:
    if document.labels.get("change") and document.labels.get("total"):
        return "receipt"
    for key, kind in _HINTS.items():
        if any(label.weight >= 1.0 and label.leads for label in document.labels.get(key, ())):
            return kind
    return OTHER
