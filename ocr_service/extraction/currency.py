"""The document's currency: a labelled code, else the sign its amounts carry."""

from __future__ import annotations

import re
from collections import Counter

from ocr_service.extraction.document import Document
from ocr_service.extraction.evidence import Found, found_in, with_others
from ocr_service.extraction.layout import Segment
from ocr_service.extraction.lexicon import MAX_LABELLED_CHARS
from paperwork.values.money import CURRENCIES, currency_of, parse_money
from paperwork.values.text import arabic_digits, has_thai

_CODE = re.compile(rf"(?<![A-Za-z])(?:{'|'.join(sorted(CURRENCIES))})(?![A-Za-z])")
_SIGN = re.compile(r"US\$|HK\$|S\$|A\$|NT\$|[€£¥₹฿₩₫₱$]|(?<![A-Za-z])(?:RM|Rs\.?)(?=\s?-?\d|\)|$)")
_US = re.compile(r"\bUSD?\b|US\$|U\.S\.|\bUnited States\b|\b[A-Z]{2} \d{5}(?:-\d{4})?\b")
_DOLLAR_LANDS = tuple(
    (code, re.compile(rf"\b(?:{words})\b"))
    for code, words in (
        ("SGD", "Singapore|SINGAPORE"),
        ("HKD", "Hong Kong|HONG KONG"),
        ("AUD", "Australia|AUSTRALIA|ABN|NSW|VIC|QLD"),
        ("NZD", "New Zealand|NEW ZEALAND"),
        ("CAD", "Canada|CANADA|Ontario|Quebec|HST"),
        ("TWD", "Taiwan|TAIWAN"),
    )
)
_TOWN = re.compile(r"\d{5} \D{3,40}$")
_BAHT = re.compile(r"บาท|สตางค์|ภาษีมูลค่าเพิ่ม")


def read_currency(document: Document) -> Found[str] | None:
    """Read the currency; None when the page shows no sign of one."""
    for label in document.labels.get("currency", ()):
        for place in document.places(label):
            match = _CODE.search(place.text.upper())
            if match:
                start = place.start + match.start()
                return found_in(match[0], place.segment, start, start + 3, place.strength)
    votes: Counter[str] = Counter()
    first: dict[str, tuple[Segment, int, int]] = {}
    baht: tuple[Segment, int, int] | None = None
    for segment in document.segments():
        for code, start, end in _signs(segment):
            votes[code] += 1
            first.setdefault(code, (segment, start, end))
        if baht is None and (thai := _BAHT.search(segment.text)):
            baht = (segment, thai.start(), thai.end())
    if votes["USD"] and (country := _dollars_of(document)):
        votes[country] += votes.pop("USD")
        first[country] = first.pop("USD")
    if votes:
        code, count = votes.most_common(1)[0]
        share = count / votes.total()
        strength = (0.9 if count > 1 else 0.75) * (0.5 + share / 2)
        found = found_in(code, *first[code], strength)
        rivals = [
            found_in(other, *first[other], 0.5 * times / votes.total())
            for other, times in votes.items()
        ]
        return with_others(found, rivals)
    if baht is None:
        baht = _thai_sum(document)
    return found_in("THB", *baht, 0.85) if baht else None


def _dollars_of(document: Document) -> str | None:
    """Whose dollar a bare sign is: that of the one country of dollars the page names, if any."""
    named = {
        code
        for segment in document.segments()
        if len(segment.text) <= MAX_LABELLED_CHARS
        for code, words in _DOLLAR_LANDS
        if words.search(segment.text)
    }
    spelt = any(_US.search(s.text) for s in document.segments())
    return named.pop() if len(named) == 1 and not spelt else None


def _thai_sum(document: Document) -> tuple[Segment, int, int] | None:
    """A sum with a Thai label is in baht unless the page says otherwise."""
    for key in ("tax_amount", "total", "subtotal"):
        for label in document.labels.get(key, ()):
            text = label.segment.text[label.start : label.end]
            if has_thai(text) and label.weight >= 1.0:
                return label.segment, label.start, label.end
    return None


def _signs(segment: Segment) -> list[tuple[str, int, int]]:
    """Signs and codes in a segment that stand by a number or alone in brackets."""
    found = []
    text = segment.text[:400]
    for match in _SIGN.finditer(text):
        code = currency_of(match[0])
        if match[0] == "RM" and _TOWN.search(text[: match.start()]):
            code = None  # a province behind its town
        if code:
            found.append((code, match.start(), match.end()))
    for match in _CODE.finditer(text):
        near = arabic_digits(text[match.end() : match.end() + 14]).strip(" :)")
        before = arabic_digits(text[max(match.start() - 14, 0) : match.start()]).split()
        alone = len(text) <= 6 or text[match.end() : match.end() + 1] == ")"
        if alone or near[:1].isdigit() or (before and parse_money(before[-1]) is not None):
            found.append((match[0], match.start(), match.end()))
    return found
