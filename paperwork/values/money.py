"""Amounts as they are written on paper, in the number styles of many countries, as decimals."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from paperwork.values.text import arabic_digits

MAX_AMOUNT_CHARS = 40
"""Longer texts are never one amount."""

CURRENCIES = frozenset(
    code
    for line in (
        "THB USD EUR GBP JPY CNY MYR SGD HKD TWD KRW INR IDR VND PHP LAK MMK KHR AUD NZD CAD CHF",
        "SEK NOK DKK PLN CZK HUF RON BGN TRY ILS AED SAR ZAR BRL MXN",
    )
    for code in line.split()
)
"""ISO 4217 codes that are looked for in text."""

SYMBOLS: dict[str, str] = {
    "฿": "THB",
    "บาท": "THB",
    "baht": "THB",
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "£": "GBP",
    "¥": "JPY",
    "₹": "INR",
    "rs": "INR",
    "rs.": "INR",
    "rm": "MYR",
    "s$": "SGD",
    "hk$": "HKD",
    "us$": "USD",
    "a$": "AUD",
    "c$": "CAD",
    "nt$": "TWD",
    "$": "USD",
    "₩": "KRW",
    "₫": "VND",
    "₱": "PHP",
    "zł": "PLN",
    "kr": "SEK",
}
"""Written signs and the currency each is taken for when the page says nothing better."""

_SIGN_FIRST = sorted(SYMBOLS, key=len, reverse=True)
_SIGNS = "|".join(re.escape(s) for s in _SIGN_FIRST)
_UNIT = rf"(?:{_SIGNS}|{'|'.join(sorted(CURRENCIES))}|ถ้วน)"
_DIGITS = r"(?:\d{1,20}(?:[.,'\u2019\u00a0\u202f ]\d{1,20}){0,8}|\.\d{1,4})(?:[.,]-{1,2})?"
_AMOUNT = re.compile(
    rf"\s*(?P<open>\()?\s*(?P<m1>[-+\u2212\u2013])?\s*(?P<c1>{_UNIT})?\s*(?P<m2>[-+\u2212\u2013])?"
    rf"\s*(?P<num>{_DIGITS})\s*(?P<m3>[-\u2212\u2013])?\s*(?P<c2>{_UNIT})?\s*(?P<close>\))?\s*",
    re.IGNORECASE,
)
_MINUS = "-\u2212\u2013"


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, with its currency where the text names one."""

    amount: Decimal
    currency: str | None = None


def parse_money(text: str, *, decimal_mark: str | None = None) -> Money | None:
    """Read a text that is one amount and nothing else.

    Understands 1,234.50, 1.234,50, 1 234,50 and 1'234.50, Thai digits, a currency sign or code on
    either side, and a minus before or behind or as parentheses.

    Args:
        text: The amount as written.
        decimal_mark: "." or "," when the page's style is known; settles 1.234 and 1,234, which
            are otherwise read as decimals after a point and thousands after a comma.

    Returns:
        None when the text is not one amount.
    """
    text = text.strip()
    if not text or len(text) > MAX_AMOUNT_CHARS:
        return None
    match = _AMOUNT.fullmatch(arabic_digits(text))
    if match is None or bool(match["open"]) != bool(match["close"]):
        return None
    number = _number(match["num"], decimal_mark)
    if number is None:
        return None
    signs = [m for m in (match["m1"], match["m2"], match["m3"]) if m]
    if len(signs) > 1:
        return None
    negative = bool(match["open"]) or bool(signs and signs[0] in _MINUS)
    unit = match["c1"] or match["c2"]
    return Money(-number if negative else number, currency_of(unit) if unit else None)


def parse_number(text: str, *, decimal_mark: str | None = None) -> Decimal | None:
    """Read a plain number such as a quantity; None for anything with a currency in it."""
    money = parse_money(text, decimal_mark=decimal_mark)
    return money.amount if money is not None and money.currency is None else None


def currency_of(text: str) -> str | None:
    """Give the ISO code that a sign, a code or a unit word stands for."""
    word = text.strip().casefold()
    if word.upper() in CURRENCIES:
        return word.upper()
    return SYMBOLS.get(word)


def decimal_mark_of(texts: Iterable[str]) -> str | None:
    """Tell a page's decimal mark from its amounts that admit one reading only.

    Returns:
        "." or ",", whichever more of the texts prove; None when they prove nothing.
    """
    votes = {".": 0, ",": 0}
    for text in texts:
        found = re.search(
            r"\d([.,])\d{2}$", arabic_digits(text[-MAX_AMOUNT_CHARS:]).rstrip(" €$)-")
        )
        if found:
            votes[found[1]] += 1
    if votes["."] == votes[","]:
        return None
    return "." if votes["."] > votes[","] else ","


def _number(digits: str, decimal_mark: str | None) -> Decimal | None:
    digits = re.sub(r"[.,]-{1,2}$", "", digits)
    groups = re.split(r"([.,'\u2019\u00a0\u202f ])", digits)
    marks, parts = groups[1::2], groups[0::2]
    if not marks:
        return Decimal(digits)
    last = marks[-1]
    decimals = last in ".," and _ends_in_decimals(marks, parts, decimal_mark)
    whole, fraction = (parts[:-1], parts[-1]) if decimals else (parts, "")
    thousands = marks[:-1] if decimals else marks
    if len(set(thousands)) > 1 or not _grouped(whole):
        return None
    return Decimal(("".join(whole) or "0") + ("." + fraction if fraction else ""))


def _ends_in_decimals(marks: list[str], parts: list[str], decimal_mark: str | None) -> bool:
    last = marks[-1]
    if len(marks) > 1:
        return marks.count(last) == 1
    if len(parts[-1]) != 3 or parts[0] in ("", "0") or len(parts[0]) > 3:
        return True
    return last == decimal_mark if decimal_mark else last == "."


def _grouped(whole: list[str]) -> bool:
    """Thousands come in threes; the Indian style has twos before the last three."""
    if len(whole) == 1:
        return True
    if not 1 <= len(whole[0]) <= 3 or len(whole[-1]) != 3:
        return False
    middle = {len(part) for part in whole[1:-1]}
    return middle <= {3} or (middle == {2} and len(whole[0]) <= 2)
