"""Typed fields of a document, as one reading found them."""

from dataclasses import dataclass

from document_service.domain.document import Classification
from paperwork.fields import HEADER_FIELDS, LINE_FIELDS
from paperwork.readings import FieldSource, Value

_HEADER_ORDER = {key: place for place, key in enumerate(HEADER_FIELDS)}
_LINE_ORDER = {key: place for place, key in enumerate(LINE_FIELDS)}


@dataclass(frozen=True, slots=True)
class Region:
    """Where on the document a value stands.

    Attributes:
        page_number: Counted from 1.
        polygon: Corners (x, y) as shares of the page as given, origin top left.
    """

    page_number: int
    polygon: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One value of one field.

    Attributes:
        key: A key of the field vocabulary.
        value: The typed value.
        raw_text: The characters on the page.
        confidence: In [0, 1].
        source: How it came about.
        regions: Where it stands.
    """

    key: str
    value: Value
    raw_text: str
    confidence: float
    source: FieldSource
    regions: tuple[Region, ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything extracted from one reading.

    Attributes:
        classification: What the document is.
        fields: At most one a key.
        line_items: Cells of each line, in the page's order.
        warnings: Machine-readable words.
    """

    classification: Classification
    fields: tuple[FieldValue, ...]
    line_items: tuple[tuple[FieldValue, ...], ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoredField:
    """A field with its name and place.

    Attributes:
        id: Made by the server.
        position: Line it belongs to, counted from 1; None for one of the whole document.
        value: What was found, or what a person said.
        revision: Counts its changes; 1 as read.
    """

    id: str
    position: int | None
    value: FieldValue
    revision: int = 1

    @property
    def etag(self) -> str:
        """Changes with every change of the field, and with every reading of the document."""
        return f"{self.revision}.{self.id}"

    @property
    def place(self) -> tuple[int, int]:
        """Sorts fields of the document first, each group in the order of the vocabulary."""
        if self.position is None:
            return (0, _HEADER_ORDER.get(self.value.key, len(_HEADER_ORDER)))
        return (self.position, _LINE_ORDER.get(self.value.key, len(_LINE_ORDER)))
