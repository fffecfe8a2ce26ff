"""The columns of an item table: which headings open one, and which word stands in which column."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from ocr_service.extraction.document import Document
from ocr_service.extraction.layout import Segment, Sheet, Token
from ocr_service.extraction.lexicon import COLUMN_LABELS
from paperwork.values.money import currency_of, parse_money
from paperwork.values.text import arabic_digits

NAMES = {"sku", "description"}
NUMBERS = {"quantity", "unit_price", "amount"}
NUMERIC = NUMBERS | {"discount", "tax_rate"}


@dataclass(frozen=True, slots=True)
class Column:
    """A heading's field and extent."""

    key: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class Table:
    """A table that lists items.

    Attributes:
        sheet: Where it stands.
        columns: From left to right.
        first_row: The row under its headings.
        lower: Headings of the second row of each item, where names stand under numbers.
    """

    sheet: Sheet
    columns: tuple[Column, ...]
    first_row: int
    lower: tuple[Column, ...] = ()


def table_at(document: Document, sheet: Sheet, row: int) -> Table | None:
    """Recognise a heading row, alone or together with the row under it."""
    columns = _headings(sheet.rows[row])
    keys = {c.key for c in columns}
    if len(keys & (NAMES | NUMBERS)) < 1 or len(sheet.rows[row]) > 40:
        return None
    last = row
    lower: list[Column] = []
    for extra in range(row + 1, min(row + 5, len(sheet.rows))):
        gap = sheet.rows[extra][0].y0 - max(s.y1 for s in sheet.rows[last])
        if gap > 0.9 * sheet.text_height or has_amount(sheet.rows[extra]):
            break
        more = _headings(sheet.rows[extra])
        if not more or sum(c.key == "plain" for c in more) * 2 > len(more):
            break
        columns = _merged(columns, more)
        lower += more
        last = extra
    columns = _one_each(columns)
    keys = {c.key for c in columns}
    known = sum(c.key != "plain" for c in columns)
    if not keys & NAMES or not keys & NUMBERS or known < 2 or known * 2 < len(columns):
        return None
    if has_amount(sheet.rows[row]):
        return None
    for number in range(row, last + 1):
        document.table_rows.add((sheet.index, number))
    if "description" in keys:
        lower = []  # the names have a column of their own
    ordered = [tuple(sorted(part, key=lambda c: c.x0)) for part in (columns, lower)]
    return Table(sheet, ordered[0], last + 1, ordered[1])


def _headings(row: tuple[Segment, ...]) -> list[Column]:
    columns = []
    for segment in row:
        labels = COLUMN_LABELS.find(segment)
        covered = 0
        for label in labels:
            tokens = segment.tokens_between(label.start, label.end)
            columns.append(Column(label.key, tokens[0].x0, tokens[-1].x1))
            covered += label.end - label.start
        if not labels:
            columns.append(Column("plain", segment.x0, segment.x1))
        elif covered * 3 < len(segment.text):
            return []  # a sentence with a heading word in it
    return columns


def _merged(above: list[Column], below: list[Column]) -> list[Column]:
    """Join headings that stand on two lines: the named one gives the key."""
    out = list(above)
    for column in below:
        for n, other in enumerate(out):
            if min(column.x1, other.x1) > max(column.x0, other.x0):
                key = other.key if other.key != "plain" or column.key == "plain" else column.key
                out[n] = Column(key, min(column.x0, other.x0), max(column.x1, other.x1))
                break
        else:
            out.append(column)
    return out


def _one_each(columns: list[Column]) -> list[Column]:
    """Keep one column a key: the rightmost amount, otherwise the leftmost."""
    kept: dict[str, Column] = {}
    rest: list[Column] = []
    for column in sorted(columns, key=lambda c: c.x0):
        if column.key in ("plain", "other", "position"):
            rest.append(column)
        elif column.key == "amount" and column.key in kept:
            rest.append(Column("other", kept["amount"].x0, kept["amount"].x1))
            kept["amount"] = column
        elif column.key in kept:
            rest.append(Column("other", column.x0, column.x1))
        else:
            kept[column.key] = column
    return [*kept.values(), *rest]


def has_amount(row: tuple[Segment, ...]) -> bool:
    """Tell whether a row shows an amount with cents."""
    return any(
        re.fullmatch(r"\D{0,4}\d[\d.,']*[.,]\d{2}\D{0,4}", arabic_digits(t.text)) is not None
        for s in row
        for t in s.tokens
    )


def heads_again(segments: tuple[Segment, ...], table: Table) -> bool:
    """Tell whether a row repeats the table's headings."""
    keys = {c.key for c in _headings(segments)} - {"plain"}
    return len(keys) >= 3 and len(keys & {c.key for c in table.columns}) >= 3


def cells_of(table: Table, segments: tuple[Segment, ...]) -> dict[str, list[Token]]:
    """Give each word of a row to a column: by alignment, else by overlap, else by nearness."""
    cells: dict[str, list[Token]] = {}
    for segment in segments:
        current: Column | None = None
        for token in segment.tokens:
            if currency_of(token.text) is not None:
                continue  # a sign beside its number
            current = _column_of(table, token, current)
            cells.setdefault(current.key, []).append(token)
    return _spread(table, cells)


def _spread(table: Table, cells: dict[str, list[Token]]) -> dict[str, list[Token]]:
    """Move a number to the empty column on its left where two numbers crowd one column."""
    numeric = [c.key for c in table.columns if c.key in NUMERIC]
    for left, key in reversed(list(pairwise(numeric))):
        tokens = cells.get(key, [])
        apart = len(tokens) > 1 and (
            tokens[-1].x0 - tokens[-2].x1 > 0.2 * max(table.sheet.text_height, 1.0)
        )
        if apart and left not in cells and all(parse_money(t.text) for t in tokens):
            cells[left], cells[key] = tokens[:-1], tokens[-1:]
    return cells


def _column_of(table: Table, token: Token, current: Column | None) -> Column:
    slack = 0.6 * max(table.sheet.text_height, 1.0)
    numeric = any(c.isdigit() for c in token.text) and not any(c.isalpha() for c in token.text)
    options = [c for c in table.columns if numeric or c.key not in NUMERIC or c.key == "quantity"]
    options = options or list(table.columns)
    for column in options:
        aligned = abs(token.x0 - column.x0) < slack or (
            numeric and column.key in NUMERIC and abs(token.x1 - column.x1) < slack
        )
        if aligned and (current is None or column.x0 >= current.x0):
            return column
    over = max(options, key=lambda c: min(token.x1, c.x1) - max(token.x0, c.x0))
    if min(token.x1, over.x1) - max(token.x0, over.x0) > 0 and (
        current is None or over.x0 >= current.x0
    ):
        return over
    if current is not None and not numeric:
        return current
    if current is not None and current.key in NAMES and not _between(table, token, current):
        return current
    return min(options, key=lambda c: max(c.x0 - token.x1, token.x0 - c.x1))


def _between(table: Table, token: Token, current: Column) -> bool:
    """A number far right of a text column belongs to a number column."""
    following = [c for c in table.columns if c.x0 > current.x0 and c.key in NUMERIC]
    return bool(following) and token.x1 > following[0].x0 - table.sheet.text_height
