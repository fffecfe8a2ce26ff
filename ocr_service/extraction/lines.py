"""Line items: a row of column headings, then the words under each heading, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found
from ocr_service.extraction.layout import Segment, Sheet, Token
from ocr_service.extraction.lexicon import COLUMN_LABELS
from paperwork.readings import Value
from paperwork.values.money import currency_of, parse_money
from paperwork.values.text import arabic_digits

MAX_ITEMS = 2000
"""Items beyond these are left out, with a warning by the caller."""

_NAMES = {"sku", "description"}
_NUMBERS = {"quantity", "unit_price", "amount"}
_NUMERIC = _NUMBERS | {"discount", "tax_rate"}
_ENDS = {"subtotal", "total", "tax_amount", "section", "discount", "rounding", "charges", "prepaid"}
_SPECKS = ".,:;'`\u00b4\u00b7|_*~\""  # stains and cut borders, read as marks
_LEADING_NUMBER = re.compile(r"^([-+(]?[\d.,'\s]*\d\)?)\s*[xX×@]?\s*(.*)$")
_QUANTITY_TIMES_PRICE = Decimal("0.011")
_LARGEST_GAP = 14.0  # line heights between items
_MAX_DESCRIPTION_LINES = 6
_PITCH = 2.6  # rows of one item stand within this many line heights


@dataclass(frozen=True, slots=True)
class _Column:
    key: str
    x0: float
    x1: float


@dataclass(frozen=True, slots=True)
class _Table:
    sheet: Sheet
    columns: tuple[_Column, ...]
    first_row: int


Item = dict[str, Found[Value]]


def read_line_items(document: Document) -> list[Item]:
    """Read the items of all tables that have item headings, in the page's order.

    Also marks the rows that tables take up, so that no header field is read from them.
    """
    items: list[Item] = []
    for sheet in document.sheets:
        row = 0
        while row < len(sheet.rows) and len(items) < MAX_ITEMS:
            table = _table_at(document, sheet, row)
            if table is None:
                row += 1
                continue
            found, row = _items_of(document, table, row)
            items += found
    return items[:MAX_ITEMS]


def _table_at(document: Document, sheet: Sheet, row: int) -> _Table | None:
    """Recognise a heading row, alone or together with the row under it."""
    columns = _headings(sheet.rows[row])
    keys = {c.key for c in columns}
    if len(keys & (_NAMES | _NUMBERS)) < 1 or len(sheet.rows[row]) > 40:
        return None
    last = row
    for extra in range(row + 1, min(row + 5, len(sheet.rows))):
        gap = sheet.rows[extra][0].y0 - max(s.y1 for s in sheet.rows[last])
        if gap > 0.9 * sheet.text_height or _has_amount(sheet.rows[extra]):
            break
        more = _headings(sheet.rows[extra])
        if not more or sum(c.key == "plain" for c in more) * 2 > len(more):
            break
        columns = _merged(columns, more)
        last = extra
    columns = _one_each(columns)
    keys = {c.key for c in columns}
    known = sum(c.key != "plain" for c in columns)
    if not keys & _NAMES or not keys & _NUMBERS or known < 2 or known * 2 < len(columns):
        return None
    if _has_amount(sheet.rows[row]):
        return None
    for number in range(row, last + 1):
        document.table_rows.add((sheet.index, number))
    return _Table(sheet, tuple(sorted(columns, key=lambda c: c.x0)), last + 1)


def _headings(row: tuple[Segment, ...]) -> list[_Column]:
    columns = []
    for segment in row:
        labels = COLUMN_LABELS.find(segment)
        covered = 0
        for label in labels:
            tokens = segment.tokens_between(label.start, label.end)
            columns.append(_Column(label.key, tokens[0].x0, tokens[-1].x1))
            covered += label.end - label.start
        if not labels:
            columns.append(_Column("plain", segment.x0, segment.x1))
        elif covered * 3 < len(segment.text):
            return []  # a sentence with a heading word in it
    return columns


def _merged(above: list[_Column], below: list[_Column]) -> list[_Column]:
    """Join headings that stand on two lines: the named one gives the key."""
    out = list(above)
    for column in below:
        for n, other in enumerate(out):
            if min(column.x1, other.x1) > max(column.x0, other.x0):
                key = other.key if other.key != "plain" or column.key == "plain" else column.key
                out[n] = _Column(key, min(column.x0, other.x0), max(column.x1, other.x1))
                break
        else:
            out.append(column)
    return out


def _one_each(columns: list[_Column]) -> list[_Column]:
    """Keep one column a key: the rightmost amount, otherwise the leftmost."""
    kept: dict[str, _Column] = {}
    rest: list[_Column] = []
    for column in sorted(columns, key=lambda c: c.x0):
        if column.key in ("plain", "other", "position"):
            rest.append(column)
        elif column.key == "amount" and column.key in kept:
            rest.append(_Column("other", kept["amount"].x0, kept["amount"].x1))
            kept["amount"] = column
        elif column.key in kept:
            rest.append(_Column("other", column.x0, column.x1))
        else:
            kept[column.key] = column
    return [*kept.values(), *rest]


def _has_amount(row: tuple[Segment, ...]) -> bool:
    return any(
        re.fullmatch(r"\D{0,4}\d[\d.,']*[.,]\d{2}\D{0,4}", arabic_digits(t.text)) is not None
        for s in row
        for t in s.tokens
    )


def _items_of(document: Document, table: _Table, heading: int) -> tuple[list[Item], int]:
    """Read item rows until the sums begin; also where to go on looking."""
    sheet = table.sheet
    items: list[Item] = []
    row = table.first_row
    bottom = max((s.y1 for s in sheet.rows[row - 1]), default=0.0)
    last_item_row = heading
    while row < len(sheet.rows) and len(items) < MAX_ITEMS:
        segments = sheet.rows[row]
        item = _item(_cells(table, segments), sheet.index, document.decimal_mark)
        if _ends_table(document, segments, item) or (
            row > table.first_row and _table_at_again(segments, table)
        ):
            break
        gap = (segments[0].y0 - bottom) / max(sheet.text_height, 1.0)
        if items and gap > _LARGEST_GAP:
            break
        joins = bool(items) and gap < _PITCH and _joins(items[-1], item)
        if joins:
            items[-1] = _checked(_parted(table, {**item, **items[-1]}))
        elif _starts_item(table, item):
            items.append(_checked(_parted(table, item)))
        elif items and gap < _PITCH and _continues(document, items[-1], item, segments, sheet):
            items[-1]["description"] = _longer(items[-1]["description"], item["description"])
        elif not items or gap >= _PITCH:
            row += 1
            continue
        last_item_row = row
        bottom = max(s.y1 for s in segments)
        row += 1
    for number in range(heading, last_item_row + 1):
        document.table_rows.add((sheet.index, number))
    return _complete(table, items), max(row, table.first_row)


def _starts_item(table: _Table, item: Item) -> bool:
    keys = {c.key for c in table.columns}
    if keys & {"amount", "unit_price"}:
        return bool({"amount", "unit_price"} & set(item))
    return "quantity" in item


def _joins(last: Item, item: Item) -> bool:
    """A row that only brings what the item above still lacks belongs to it."""
    brings = _NUMBERS & set(item)
    if brings & set(last) or "description" in set(last) & set(item):
        return False
    return bool(brings) or ("description" in item and "description" not in last)


def _continues(
    document: Document, last: Item, item: Item, segments: tuple[Segment, ...], sheet: Sheet
) -> bool:
    """The second line of a description: alone in its column, aligned, no label and no date."""
    if set(item) != {"description"} or "description" not in last or len(segments) != 1:
        return False
    above = last["description"].tokens[0][1][0]
    aligned = abs(segments[0].x0 - above.x0) < 1.2 * sheet.text_height
    text = segments[0].text
    plain = not re.search(r"[:*]|\d[./]\d\d?[./]\d", arabic_digits(text))
    short = len(last["description"].tokens) < _MAX_DESCRIPTION_LINES
    return aligned and plain and short and not document.is_labelled(segments[0])


def _longer(first: Found[Value], more: Found[Value]) -> Found[Value]:
    hyphen = first.raw.endswith("-") and more.raw[:1].isalpha()
    text = first.raw + more.raw if hyphen else f"{first.raw} {more.raw}"
    return Found(text, text, first.tokens + more.tokens, first.strength)


def _complete(table: _Table, items: list[Item]) -> list[Item]:
    """Leave out rows without a name, and, where most items have an amount, those without."""
    named = [i for i in items if _NAMES & set(i) and {"amount", "quantity"} & set(i)]
    with_amount = [i for i in named if "amount" in i]
    if len(with_amount) * 2 > len(named):
        return [i for i in named if "amount" in i or {"quantity", "unit_price"} <= set(i)]
    return named if any(c.key != "amount" for c in table.columns) else []


def _ends_table(document: Document, segments: tuple[Segment, ...], item: Item) -> bool:
    """Sums begin; but "service charge" with a quantity and a price is an item."""
    whole = set(item) >= _NUMBERS
    for segment in segments:
        for label in document.labels_in(segment):
            grand = label.weight >= 1.0 and label.key in ("total", "subtotal")
            words_before = len(label.segment.text[: label.start].split())
            if label.key not in _ENDS or not (label.leads or (grand and words_before <= 2)):
                continue
            if whole and label.key not in ("total", "subtotal"):
                continue
            if label.weight >= 1.0 or label.key == "total":
                return _looks_like_sum(segments, segment)
    return False


def _looks_like_sum(segments: tuple[Segment, ...], labelled: Segment) -> bool:
    """A sum row has its label first or no words before it."""
    words_before = sum(c.isalpha() for s in segments[: labelled.place] for c in s.text)
    return words_before < 4 or len(segments) - labelled.place <= 2


def _table_at_again(segments: tuple[Segment, ...], table: _Table) -> bool:
    keys = {c.key for c in _headings(segments)} - {"plain"}
    return len(keys) >= 3 and len(keys & {c.key for c in table.columns}) >= 3


def _cells(table: _Table, segments: tuple[Segment, ...]) -> dict[str, list[Token]]:
    """Give each word of a row to a column: by alignment, else by overlap, else by nearness."""
    cells: dict[str, list[Token]] = {}
    for segment in segments:
        current: _Column | None = None
        for token in segment.tokens:
            if currency_of(token.text) is not None:
                continue  # a sign beside its number
            current = _column_of(table, token, current)
            cells.setdefault(current.key, []).append(token)
    return _spread(table, cells)


def _spread(table: _Table, cells: dict[str, list[Token]]) -> dict[str, list[Token]]:
    """Move a number to the empty column on its left where two numbers crowd one column."""
    numeric = [c.key for c in table.columns if c.key in _NUMERIC]
    for left, key in reversed(list(pairwise(numeric))):
        tokens = cells.get(key, [])
        apart = len(tokens) > 1 and (
            tokens[-1].x0 - tokens[-2].x1 > 0.2 * max(table.sheet.text_height, 1.0)
        )
        if apart and left not in cells and all(parse_money(t.text) for t in tokens):
            cells[left], cells[key] = tokens[:-1], tokens[-1:]
    return cells


def _column_of(table: _Table, token: Token, current: _Column | None) -> _Column:
    slack = 0.6 * max(table.sheet.text_height, 1.0)
    numeric = any(c.isdigit() for c in token.text) and not any(c.isalpha() for c in token.text)
    options = [c for c in table.columns if numeric or c.key not in _NUMERIC or c.key == "quantity"]
    options = options or list(table.columns)
    for column in options:
        aligned = abs(token.x0 - column.x0) < slack or (
            numeric and column.key in _NUMERIC and abs(token.x1 - column.x1) < slack
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
    if current is not None and current.key in _NAMES and not _between(table, token, current):
        return current
    return min(options, key=lambda c: max(c.x0 - token.x1, token.x0 - c.x1))


def _between(table: _Table, token: Token, current: _Column) -> bool:
    """A number far right of a text column belongs to a number column."""
    following = [c for c in table.columns if c.x0 > current.x0 and c.key in _NUMERIC]
    return bool(following) and token.x1 > following[0].x0 - table.sheet.text_height


def _item(cells: dict[str, list[Token]], sheet: int, decimal_mark: str | None) -> Item:
    item: Item = {}
    for key, words in cells.items():
        if key in ("plain", "other", "position"):
            continue
        tokens = [t for t in words if key not in _NUMERIC or t.text.strip(_SPECKS)]
        text = " ".join(t.text for t in tokens)
        grouped = ((sheet, tuple(tokens)),)
        # A quantity at the right end of its wide column stands under the next heading.
        holds_both = key == "unit" and "quantity" not in cells and text[:1].isdigit()
        if key in _NUMERIC or holds_both:
            for name, value in _numbers("quantity" if holds_both else key, text, decimal_mark):
                item.setdefault(name, Found(value, text, grouped, 0.85))
        elif any(c.isalnum() for c in text):
            item.setdefault(key, Found(text, text, grouped, 0.85))
    return item


def _numbers(key: str, text: str, decimal_mark: str | None) -> Iterator[tuple[str, Value]]:
    """Read a number cell; a quantity's cell may carry its unit."""
    text = arabic_digits(text)
    if key == "tax_rate":
        text = text.replace("%", "").strip()
    money = parse_money(text, decimal_mark=decimal_mark) or parse_money(
        text.rstrip(_SPECKS + " "), decimal_mark=decimal_mark
    )
    if money is not None:
        yield key, money.amount
        return
    match = _LEADING_NUMBER.match(text[:40])
    if match is None:
        return
    money = parse_money(match[1], decimal_mark=decimal_mark)
    rest = match[2].strip()
    if money is not None and key == "quantity":
        yield key, money.amount
        if rest and len(rest) <= 12:
            yield "unit", rest


def _parted(table: _Table, item: Item) -> Item:
    """Take the quantity off the end of a code that was read as one word with it.

    A scan's narrow gaps get lost. Price and amount tell the quantity, so that the code must end
    in its digits and reach into its column.
    """
    price, amount, code = (item.get(k) for k in ("unit_price", "amount", "sku"))
    column = next((c for c in table.columns if c.key == "quantity"), None)
    if "quantity" in item or column is None or price is None or amount is None or code is None:
        return item
    p, a = price.value, amount.value
    if not isinstance(p, Decimal) or not isinstance(a, Decimal) or not p:
        return item
    quantity = round(a / p)
    digits, (sheet, tokens) = str(quantity), code.tokens[-1]
    if quantity < 1 or quantity * p != a or not code.raw.removesuffix(digits)[-1:].isalnum():
        return item
    if not code.raw.endswith(digits) or tokens[-1].x1 <= column.x0:
        return item
    rest = code.raw.removesuffix(digits)
    return {
        **item,
        "sku": Found(rest, rest, code.tokens, code.strength),
        "quantity": Found(Decimal(quantity), digits, ((sheet, tokens[-1:]),), code.strength),
    }


def _checked(item: Item) -> Item:
    """Raise the evidence of an item whose quantity and price make its amount."""
    quantity, price, amount = (item.get(k) for k in ("quantity", "unit_price", "amount"))
    if quantity is None or price is None or amount is None:
        return item
    q, p, a = quantity.value, price.value, amount.value
    if isinstance(q, Decimal) and isinstance(p, Decimal) and isinstance(a, Decimal):
        agrees = abs(q * p - a) <= max(_QUANTITY_TIMES_PRICE, abs(a) * Decimal("0.0005"))
        factor = 1.14 if agrees else 0.85
        return {k: f.scaled(factor) for k, f in item.items()}
    return item
