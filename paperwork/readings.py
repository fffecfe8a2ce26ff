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
class FieldReading:
    """One value of one field.

    Attributes:
        key: A key of `paperwork/fields.toml`.
        value: The typed value.
        raw_text: The characters on the page that it was read from.
        confidence: In [0, 1].
        source: How it came about.
        regions: Where it stands; empty only for values that are not on the page, such as XML.
    """

    key: str
    value: Value
    raw_text: str
    confidence: float
    source: FieldSource
    regions: tuple[Region, ...] = ()


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything read from one document.

    Attributes:
        document_type: The main function, a key of `paperwork.document_types`.
        functions: All functions, the main one included.
        type_confidence: In [0, 1].
        fields: By key.
        line_items: One mapping of cells by key a line, in the page's order.
        warnings: Machine-readable words.
    """

    document_type: str
    functions: tuple[str, ...]
    type_confidence: float
    fields: dict[str, FieldReading]
    line_items: tuple[dict[str, FieldReading], ...] = ()
    warnings: tuple[str, ...] = ()


def canonical(value: Value) -> str:
    """Write a value in the one form used in JSON and in comparison: ISO date, plain decimal."""
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, date):
        return value.isoformat()
    return value
