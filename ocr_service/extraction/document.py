"""The document as the readers of fields see it: sheets, labels by key, dates and amounts."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from ocr_service.domain.page import Page
from ocr_service.extraction.layout import Segment, Sheet, sheet_of
from ocr_service.extraction.lexicon import HEADER_LABELS, Label
from ocr_service.extraction.spelling import has_specks
from paperwork.readings import FieldSource
from paperwork.values.dates import month_first_of
from paperwork.values.money import decimal_mark_of
from paperwork.values.parties import bare_company_name
from paperwork.values.text import squash

MAX_LABELS_PER_KEY = 80
"""Further ones are passed over: a real document repeats a label a few times at most."""

MAX_MISREAD = 400
"""Segments in which misread labels are looked for: more than a dense page has."""

_REACH = 34.0  # a value stands within this many line heights right of its label
_DROP = 2.6  # and below it within this many
_ADDRESS_CHARS = 80
_STATE = re.compile(
    r"[A-Za-z],? (?:A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]|N[CDEHJMVY]|O[HKR]"
    r"|PA|RI|S[CD]|T[NX]|UT|V[AT]|W[AIVY])\.? \d{5}(?:-\d{4})?$"
)
_DAY_FIRST = re.compile(r"(?<![\d/.-])(?:1[3-9]|2\d|3[01])[/.-]\d{1,2}[/.-]\d{2,4}(?!\d)")
_PUNCTUATION = " \t:;.#-–—=|*_№°)]"


@dataclass(frozen=True, slots=True)
class Place:
    """Where the value of a label may stand.

    Attributes:
        segment: The segment.
        start: First character of the piece meant.
        end: Index behind its last character.
        strength: How usual such a place is, in [0, 1].
        below: It is below the label rather than beside it.
    """

    segment: Segment
    start: int
    end: int
    strength: float
    below: bool = False

    @property
    def text(self) -> str:
        """The piece of text meant."""
        return self.segment.text[self.start : self.end]


@dataclass(slots=True)
class Document:
    """All sheets with what was found on them once for all readers.

    Attributes:
        sheets: Upright pages in order.
        today: The reader's day.
        month_first: The page proves that numeric dates put the month first.
        decimal_mark: The decimal mark that the page's amounts prove, if any.
        labels: Labels by key, in reading order.
        by_segment: Labels of each segment, by (sheet, row, place).
        has_specks: The page's few accents are stains; see `spelling`.
        table_rows: (sheet, row) of the item table, where header fields do not stand.
    """

    sheets: tuple[Sheet, ...]
    today: date
    month_first: bool = False
    decimal_mark: str | None = None
    has_specks: bool = False
    labels: dict[str, list[Label]] = field(default_factory=lambda: defaultdict(list))
    by_segment: dict[tuple[int, int, int], list[Label]] = field(default_factory=dict)
    table_rows: set[tuple[int, int]] = field(default_factory=set)

    @staticmethod
    def of(pages: Sequence[Page], today: date) -> Document:
        """Order the pages and find their labels."""
        sheets = tuple(sheet_of(page, n) for n, page in enumerate(pages))
        document = Document(sheets, today)
        texts = [t.text for s in document.segments() for t in s.tokens]
        document.month_first = month_first_of(s.text for s in document.segments()) or _is_american(
            document
        )
        document.decimal_mark = decimal_mark_of(texts)
        scanned = all(s.source is FieldSource.OCR for s in sheets)
        document.has_specks = scanned and has_specks(texts)
        misread_left = MAX_MISREAD
        for segment in document.segments():
            every = HEADER_LABELS.find(segment)
            labels = [x for x in every if not _is_part_of_name(x)]
            if misread_left and not (every and every[0].leads):
                misread_left -= 1
                labels = [*HEADER_LABELS.find_misread(segment), *labels]
            if labels:
                document.by_segment[segment.sheet, segment.row, segment.place] = labels
            for label in labels:
                if len(document.labels[label.key]) < MAX_LABELS_PER_KEY:
                    document.labels[label.key].append(label)
        return document

    def segments(self) -> Iterator[Segment]:
        """Every segment in reading order."""
        for sheet in self.sheets:
            for row in sheet.rows:
                yield from row

    def labels_in(self, segment: Segment) -> list[Label]:
        """The labels found in one segment."""
        return self.by_segment.get((segment.sheet, segment.row, segment.place), [])

    def is_labelled(self, segment: Segment) -> bool:
        """Tell whether a segment begins with a label, so that it is no other label's value."""
        labels = self.labels_in(segment)
        return bool(labels) and labels[0].leads and labels[0].weight >= 1.0

    def rest_of(self, label: Label) -> Place:
        """The text between a label and the next label in its segment."""
        text = label.segment.text
        following = [
            other.start for other in self.labels_in(label.segment) if other.start >= label.end
        ]
        end = min(following, default=len(text))
        return Place(label.segment, _first_telling(text, label.end, end), end, 1.0)

    def right_of(self, segment: Segment, reach: float = _REACH) -> Iterator[Place]:
        """Unlabelled segments beside one, up to the next label or too wide a gap."""
        sheet = self.sheets[segment.sheet]
        edge = segment.x1
        for other in sheet.right_of(segment):
            if self.is_labelled(other) or other.x0 - edge > reach * max(sheet.text_height, 1.0):
                return
            start = _first_telling(other.text, 0, len(other.text))
            if start < len(other.text):
                yield Place(other, start, len(other.text), 0.97)
            edge = other.x1

    def below(self, segment: Segment, rows: int = 3) -> Iterator[Place]:
        """Unlabelled segments under one, in its column, up to the next label in that column."""
        sheet = self.sheets[segment.sheet]
        for other in sheet.below(segment, rows):
            if other.y0 - segment.y1 > _DROP * max(sheet.text_height, 1.0):
                return
            if self.is_labelled(other):
                return
            yield Place(other, 0, len(other.text), 0.85, below=True)

    def places(self, label: Label) -> Iterator[Place]:
        """Where a label's value may stand, the usual places first."""
        rest = self.rest_of(label)
        if any(c.isalnum() for c in rest.text):
            yield rest
        yield from self.right_of(label.segment)
        yield from self.below(label.segment)


def _is_american(document: Document) -> bool:
    """Tell whether a page has an address of the United States and no date proves day first."""
    texts = [s.text for s in document.segments() if len(s.text) <= _ADDRESS_CHARS]
    if any(_DAY_FIRST.search(text) for text in texts):
        return False
    return any(_STATE.search(text) for text in texts)


def _is_part_of_name(label: Label) -> bool:
    """Tell a firm called "Supplier AB" from a label "Supplier" and its value."""
    text = label.segment.text
    if label.key not in ("seller", "buyer") or text[label.end : label.end + 1] != " ":
        return False
    return bare_company_name(text) == squash(text[: label.end]) != squash(text)


def _first_telling(text: str, start: int, end: int) -> int:
    """Skip the punctuation between a label and its value, but no minus of a number."""
    while start < end and text[start] in _PUNCTUATION:
        if text[start] in "-–." and text[start + 1 : start + 3].strip(".")[:1].isdecimal():
            break
        start += 1
    return start
