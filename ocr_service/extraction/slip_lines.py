"""Items of a till slip without column headings: count, words, amount, proven by the sum."""

from __future__ import annotations

import re
from decimal import Decimal

from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found
from ocr_service.extraction.layout import Token
from ocr_service.extraction.lines import MAX_ITEMS, Item
from paperwork.values.money import parse_money
from paperwork.values.text import arabic_digits

_COUNT = re.compile(r"(\d{1,3})[xX]?")
_TAX_CODE = re.compile(r"[A-Z*]{1,2}")
_SUMS = {"subtotal", "total", "tax_amount"}
_EXACT = re.compile(r"[.,]\d{2}$")
_CENT = Decimal("0.005")


def read_slip_lines(document: Document, sums: set[Decimal]) -> list[Item]:
    """Read rows that begin with a count and end in an amount, if they make one of the sums.

    The proof by the sum is asked because nothing else tells such rows from other text.
    """
    items: list[Item] = []
    for sheet in document.sheets[:1]:
        for row in sheet.rows:
            if any(x.key in _SUMS and x.leads for s in row for x in document.labels_in(s)):
                break
            item = _item([t for s in row for t in s.tokens], sheet.index, document.decimal_mark)
            if item is not None and len(items) < MAX_ITEMS:
                items.append(item)
    amounts = (item["amount"].value for item in items)
    total = sum((a for a in amounts if isinstance(a, Decimal)), Decimal(0))
    return items if items and any(abs(total - s) < _CENT for s in sums) else []


def _item(tokens: list[Token], sheet: int, decimal_mark: str | None) -> Item | None:
    while tokens and _TAX_CODE.fullmatch(tokens[-1].text):
        tokens = tokens[:-1]
    if len(tokens) < 3:
        return None
    count = _COUNT.fullmatch(arabic_digits(tokens[0].text))
    amount = parse_money(tokens[-1].text, decimal_mark=decimal_mark)
    words = tokens[1:-1]
    text = " ".join(t.text for t in words)
    exact = _EXACT.search(arabic_digits(tokens[-1].text)) is not None
    if count is None or amount is None or not exact or sum(c.isalpha() for c in text) < 2:
        return None
    return {
        "quantity": Found(Decimal(count[1]), tokens[0].text, ((sheet, (tokens[0],)),), 0.8),
        "description": Found(text, text, ((sheet, tuple(words)),), 0.8),
        "amount": Found(amount.amount, tokens[-1].text, ((sheet, (tokens[-1],)),), 0.9),
    }
