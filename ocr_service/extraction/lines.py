"""Line items: a row of column headings, then the words under each heading, row by row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from ocr_service.extraction.columns import (
    NAMES,
    NUMBERS,
    NUMERIC,
    Table,
    cells_of,
    heads_again,
    table_at,
)
from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found
from ocr_service.extraction.layout import Segment, Sheet, Token
from paperwork.readings import FieldSource, Value
from paperwork.values.money import parse_money
from paperwork.values.text import arabic_digits

MAX_ITEMS = 2000
"""Items beyond these are left out, with a warning by the caller."""

_ENDS = {"subtotal", "total", "tax_amount", "section", "discount", "rounding", "charges", "prepaid"}
_WITHIN = {"discount", "charges", "rounding", "prepaid"}
_SPECKS = ".,:;'`\u00b4\u00b7|_*~\""  # stains and cut borders, read as marks
_LEADING_NUMBER = re.compile(r"^([-+(]?[\d.,'\s]*\d\)?)\s*[xX×@]?\s*(.*)$")
_QUANTITY_TIMES_PRICE = Decimal("0.011")
_WORKED_OUT = 0.6
_LARGEST_GAP = 14.0  # line heights between items
_MAX_DESCRIPTION_LINES = 6
_PITCH = 2.6  # rows of one item stand within this many line heights


Item = dict[str, Found[Value]]


def read_line_items(document: Document) -> list[Item]:
    """Read the items of all tables that have item headings, in the page's order.

    Also marks the rows that tables take up, so that no header field is read from them.
    """
    items: list[Item] = []
    running: Table | None = None  # one that the end of its page cut off
    for sheet in document.sheets:
        row, before = 0, len(items)
        carried, running = running, None
        while row < len(sheet.rows) and len(items) < MAX_ITEMS:
            table = table_at(document, sheet, row)
            if table is None:
                row += 1
                continue
            found, row = _items_of(document, table, row)
            items += found
            running = table if found and row >= len(sheet.rows) else None
        if carried is not None and len(items) == before and sheet.rows:
            items += _carried_on(document, replace(carried, sheet=sheet, first_row=0))
    return items[:MAX_ITEMS]


def _carried_on(document: Document, table: Table) -> list[Item]:
    """Read the rest of a table on the next page, which repeats no headings.

    Only rows that fill all of its number columns count: a page has other rows.
    """
    wanted = NUMBERS & {c.key for c in table.columns}
    if len(wanted) < 2:
        return []
    found, _ = _items_of(document, table, -1)
    return [item for item in found if wanted <= set(item)]


def _items_of(document: Document, table: Table, heading: int) -> tuple[list[Item], int]:
    """Read item rows until the sums begin; also where to go on looking."""
    sheet = table.sheet
    items: list[Item] = []
    row = table.first_row
    bottom = max((s.y1 for s in sheet.rows[row - 1]), default=0.0) if row else 0.0
    last_item_row = heading
    lower = replace(table, columns=table.lower) if table.lower else table
    while row < len(sheet.rows) and len(items) < MAX_ITEMS:
        segments = sheet.rows[row]
        item = _item(cells_of(table, segments), sheet.index, document.decimal_mark)
        if table.lower and not NUMBERS & set(item):
            item = _item(cells_of(lower, segments), sheet.index, document.decimal_mark)
        if _ends_table(document, segments, item) or (
            row > table.first_row and heads_again(segments, table)
        ):
            break
        gap = (segments[0].y0 - bottom) / max(sheet.text_height, 1.0)
        if items and gap > _LARGEST_GAP:
            break
        joins = bool(items) and gap < _PITCH and _joins(items[-1], item)
        if joins:
            items[-1] = _checked(_counted(table, _parted(table, {**item, **items[-1]})))
        elif _starts_item(table, item):
            items.append(_checked(_counted(table, _parted(table, item))))
        elif items and gap < _PITCH and _continues(document, items[-1], item, segments, sheet):
            items[-1]["description"] = _longer(items[-1]["description"], item["description"])
        elif not items or gap >= _PITCH:
            row += 1
            continue
        last_item_row = row
        bottom = max(s.y1 for s in segments)
        row += 1
    for number in range(max(heading, 0), last_item_row + 1):
        document.table_rows.add((sheet.index, number))
    return _complete(table, items), max(row, table.first_row)


def _starts_item(table: Table, item: Item) -> bool:
    keys = {c.key for c in table.columns}
    if keys & {"amount", "unit_price"}:
        return bool({"amount", "unit_price"} & set(item))
    return "quantity" in item


def _joins(last: Item, item: Item) -> bool:
    """A row that only brings what the item above still lacks belongs to it."""
    brings = NUMBERS & set(item)
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


def _complete(table: Table, items: list[Item]) -> list[Item]:
    """Leave out rows without a name, and, where most items have an amount, those without."""
    named = [i for i in items if NAMES & set(i) and {"amount", "quantity"} & set(i)]
    with_amount = [i for i in named if "amount" in i]
    if len(with_amount) * 2 > len(named):
        return [i for i in named if "amount" in i or {"quantity", "unit_price"} <= set(i)]
    return named if any(c.key != "amount" for c in table.columns) else []


def _ends_table(document: Document, segments: tuple[Segment, ...], item: Item) -> bool:
    """Sums begin; but "service charge" with a quantity and a price is an item."""
    whole = set(item) >= NUMBERS
    for segment in segments:
        for label in document.labels_in(segment):
            grand = label.weight >= 1.0 and label.key in ("total", "subtotal")
            words_before = len(label.segment.text[: label.start].split())
            if label.key not in _ENDS or not (label.leads or (grand and words_before <= 2)):
                continue
            if whole and label.key not in ("total", "subtotal"):
                continue
            if label.key in _WITHIN and "amount" not in item:
                continue  # a note on the price of the item above
            if label.weight >= 1.0 or label.key == "total":
                return _looks_like_sum(segments, segment)
    return False


def _looks_like_sum(segments: tuple[Segment, ...], labelled: Segment) -> bool:
    """A sum row has its label first or no words before it."""
    words_before = sum(c.isalpha() for s in segments[: labelled.place] for c in s.text)
    return words_before < 4 or len(segments) - labelled.place <= 2


def _item(cells: dict[str, list[Token]], sheet: int, decimal_mark: str | None) -> Item:
    item: Item = {}
    for key, words in cells.items():
        if key in ("plain", "other", "position"):
            continue
        tokens = [t for t in words if key not in NUMERIC or t.text.strip(_SPECKS)]
        text = " ".join(t.text for t in tokens)
        grouped = ((sheet, tuple(tokens)),)
        # A quantity at the right end of its wide column stands under the next heading.
        holds_both = key == "unit" and "quantity" not in cells and text[:1].isdigit()
        if key in NUMERIC or holds_both:
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


def _parted(table: Table, item: Item) -> Item:
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


def _counted(table: Table, item: Item) -> Item:
    """Work out a quantity whose lone digit the reader missed, from price and amount."""
    price, amount = item.get("unit_price"), item.get("amount")
    asked = any(c.key == "quantity" for c in table.columns)
    if "quantity" in item or not asked or table.sheet.source is not FieldSource.OCR:
        return item
    if price is None or amount is None or not item.keys() & NAMES:
        return item
    p, a = price.value, amount.value
    if not isinstance(p, Decimal) or not isinstance(a, Decimal) or p <= 0 or a <= 0 or a % p:
        return item
    raw, tokens = f"{amount.raw} / {price.raw}", amount.tokens + price.tokens
    return {**item, "quantity": Found(a // p, raw, tokens, _WORKED_OUT)}


def _checked(item: Item) -> Item:
    """Raise the evidence of an item whose quantity and price make its amount."""
    quantity, price, amount = (item.get(k) for k in ("quantity", "unit_price", "amount"))
    if quantity is None or price is None or amount is None:
        return item
    q, p, a = quantity.value, price.value, amount.value
    if isinstance(q, Decimal) and isinstance(p, Decimal) and isinstance(a, Decimal):
        agrees = abs(q * p - a) <= max(_QUANTITY_TIMES_PRICE, abs(a) * Decimal("0.0005"))
        factor = 1.14 if agrees else 0.85
        return {k: replace(f.scaled(factor), checked=agrees) for k, f in item.items()}
    return item
