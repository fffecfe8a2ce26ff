"""A field as it was read from a document, with everything needed to judge it."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum

Value = str | Decimal | date
"""A typed field value; which of the three follows from the field's type in `paperwork.fields`."""


class FieldSource(Enum):
    """How a value came about."""

    OCR = "OCR"
    TEXT_LAYER = "TEXT_LAYER"
    XML = "XML"
    HUMAN = "HUMAN"


@dataclass(frozen=True, slots=True)
class Region:
    """Where on the document a value stands.

    Attributes:
        page_number: Counted from 1.
        box: Four (x, y) corners in pixels of the page as given, origin top left, clockwise from
            the reading start.
    """

    page_number: int
    box: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another value that a field may have.

    Attributes:
        value: The typed value.
        raw_text: The characters that it was read from.
        confidence: In [0, 1].
        reason: Where it comes from, such as `PAGE` for what the page says against a data file.
        regions: Where it stands.
    """

    value: Value
    raw_text: str
    confidence: float
    reason: str
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldReading:
    """One value of one field.

    Attributes:
        key: A key of `paperwork/fields.toml`.
        value: The typed value.
        raw_text: The characters on the page that it was read from.
        confidence: In [0, 1].
        source: How it came about.
        regions: Where it stands; empty only for values that are not on the page, such as XML.
        extractor: What found it, such as `zugferd` or `ubl`; empty for the reader of pages.
        alternatives: Other values it may have, the likeliest first.
    """

    key: str
    value: Value
    raw_text: str
    confidence: float
    source: FieldSource
    regions: tuple[Region, ...] = ()
    extractor: str = ""
    alternatives: tuple[Alternative, ...] = ()


class Severity(Enum):
    """How much a finding matters."""

    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement found in a document.

    Attributes:
        id: Stable name of the check, such as `amount.total`.
        severity: How much it matters.
        message_en: A sentence for people, in English.
        message_th: The same in Thai.
        fields: Keys of the fields concerned, the most suspect first.
        line: The line item whose fields these are, counted from 1; None for the document's own.
    """

    id: str
    severity: Severity
    message_en: str
    message_th: str
    fields: tuple[str, ...]
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One field's value replaced by another.

    Attributes:
        key: Of the field.
        line: The line item it belongs to, counted from 1; None for the document's own.
        old: The value read; None where there was none.
        new: The value proposed.
    """

    key: str
    line: int | None
    old: Value | None
    new: Value


@dataclass(frozen=True, slots=True)
class Repair:
    """A set of changes that makes failed checks hold. It is proposed, never applied by itself.

    Attributes:
        changes: All needed together.
        mends: Ids of the findings that go away with it.
        confidence: In [0, 1]; those of one document sum up to at most 1.
        reason_en: Why it is likely, in English.
        reason_th: The same in Thai.
    """

    changes: tuple[Change, ...]
    mends: tuple[str, ...]
    confidence: float
    reason_en: str
    reason_th: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything read from one document.

    Attributes:
        document_type: The main function, a key of `paperwork.document_types`.
        functions: All functions, the main one included.
        type_confidence: In [0, 1].
        fields: By key.
        line_items: One mapping of cells by key a line, in the page's order.
        warnings: Machine-readable words, the ids of the findings among them.
        findings: What the checks report.
        repairs: Changes that would settle findings, the likeliest first.
        type_alternatives: Other main functions with their confidence, the likeliest first.
        etda_code: The kind of document in the Thai e-Tax invoice standard, where it has one.
        is_copy: It says that it is a copy (true) or the original (false); None if neither.
    """

    document_type: str
    functions: tuple[str, ...]
    type_confidence: float
    fields: dict[str, FieldReading]
    line_items: tuple[dict[str, FieldReading], ...] = ()
    warnings: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    repairs: tuple[Repair, ...] = ()
    type_alternatives: tuple[tuple[str, float], ...] = ()
    etda_code: str | None = None
    is_copy: bool | None = None


def canonical(value: Value) -> str:
    """Write a value in the one form used in JSON and in comparison: ISO date, plain decimal."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value
