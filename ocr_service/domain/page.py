"""A page as it was read: words, lines, boxes, and where the text came from.

Coordinates are pixels of the page as given (after EXIF orientation or /Rotate, before our own
turning or deskew; a PDF page is its CropBox at 200 dpi), origin top left, x right, y down.
"""

from dataclasses import dataclass, field
from enum import Enum

PDF_DPI = 200
"""Resolution at which the coordinates of a PDF page are stated."""

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]
"""Four corners, clockwise as seen on the upright text, from where reading starts."""


class TextSource(Enum):
    """Where a page's text came from."""

    OCR = "OCR"
    TEXT_LAYER = "TEXT_LAYER"
    MIXED = "MIXED"
    NONE = "NONE"


@dataclass(frozen=True, slots=True)
class Word:
    """A run of characters without a space.

    Attributes:
        text: As read, in Unicode NFC.
        box: Where it stands.
        confidence: In [0, 1].
    """

    text: str
    box: Quad
    confidence: float


@dataclass(frozen=True, slots=True)
class Line:
    """One visual line of text, or one part of it where a gap divides it.

    Attributes:
        text: The words joined as they stand; Thai words are not separated by spaces.
        box: Where it stands.
        confidence: In [0, 1]; 1 for a text layer.
        words: From the reading start on; empty only when `text` is empty.
    """

    text: str
    box: Quad
    confidence: float
    words: tuple[Word, ...] = ()


class CellKind(Enum):
    """What a cell's text is as a whole."""

    TEXT = "TEXT"
    NUMBER = "NUMBER"
    AMOUNT = "AMOUNT"
    DATE = "DATE"


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of a table.

    Attributes:
        row: Of its upper left corner, counted from 0.
        column: Of its upper left corner, counted from 0.
        row_span: Rows it takes up, 1 or more.
        column_span: Columns it takes up, 1 or more.
        is_header: Whether it is a heading of what stands below.
        kind: TEXT for an empty cell too; AMOUNT for a number with a currency or two decimals.
        text: Its lines parted by line feeds; empty for an empty cell.
        box: The field itself, from border to border, not just its text.
        confidence: Of its text, in [0, 1]; 1 for an empty cell.
    """

    row: int
    column: int
    row_span: int
    column_span: int
    is_header: bool
    kind: CellKind
    text: str
    box: Quad
    confidence: float


@dataclass(frozen=True, slots=True)
class Table:
    """A table on a page.

    Attributes:
        rows: How many, 1 or more.
        columns: How many, 2 or more.
        is_ruled: Whether lines on the page divide it; else its words' alignment does.
        box: Where it stands.
        cells: By row, then column; together they cover every row and column exactly once.
    """

    rows: int
    columns: int
    is_ruled: bool
    box: Quad
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class PageFailure:
    """Why a page could not be read.

    Attributes:
        reason: A value of `dochub.error.v1.ErrorReason` without its prefix.
        message: A sentence for people.
    """

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Page:
    """The result for one page.

    Attributes:
        number: Counted from 1.
        width: Width of the page as given, pixels.
        height: Height of the page as given, pixels.
        text_source: Where the lines came from; NONE for an empty page.
        rotation: Degrees clockwise (0, 90, 180 or 270) that bring the page as given upright.
        skew_degrees: Small slant found after that turn, clockwise positive.
        lines: In reading order.
        warnings: Machine-readable words such as `TEXT_LAYER_REFUSED`.
        failure: Set when the page could not be read; `lines` is then empty.
        tables: From top to bottom; their words are among the lines too.
    """

    number: int
    width: int
    height: int
    text_source: TextSource
    rotation: int = 0
    skew_degrees: float = 0.0
    lines: tuple[Line, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    failure: PageFailure | None = None
    tables: tuple[Table, ...] = ()
