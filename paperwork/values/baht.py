"""Amounts of baht in Thai words, both ways: what stands in brackets under a Thai total."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from paperwork.values.text import ordered_thai

MAX_BAHT: Final = Decimal(10) ** 18
"""Larger amounts are neither written nor read."""
MAX_WORDS_CHARS: Final = 400
_DIGITS: Final = ("", "หนึ่ง", "สอง", "สาม", "สี่", "ห้า", "หก", "เจ็ด", "แปด", "เก้า")
_UNITS: Final = ("", "สิบ", "ร้อย", "พัน", "หมื่น", "แสน")
_MILLION: Final = "ล้าน"
_VALUES: Final = {word: value for value, word in enumerate(_DIGITS) if word} | {
    "เอ็ด": 1,
    "ยี่": 2,
    "ศูนย์": 0,
}
_POWERS: Final = {word: power for power, word in enumerate(_UNITS) if word}
_WORD: Final = re.compile("|".join([*_VALUES, *_POWERS, _MILLION]))
_NOISE: Final = re.compile(r"[\s()（）\[\]*=.,:\-–]|^(?:จำนวนเงิน)?(?:ตัวอักษร)?")
_AMOUNT: Final = re.compile(r"(?:(?P<baht>.+?)บาท)?(?:ถ้วน|(?P<satang>.+?)สตางค์(?:ถ้วน)?)?")


def baht_words(amount: Decimal) -> str | None:
    """Write an amount in words, rounded to the satang; None for a negative or too large one."""
    rounded = amount.quantize(Decimal("0.01"), ROUND_HALF_UP) if abs(amount) < MAX_BAHT else None
    if rounded is None or rounded < 0:
        return None
    baht, satang = divmod(int(rounded * 100), 100)
    if not satang:
        return f"{_number_words(baht) or 'ศูนย์'}บาทถ้วน"
    said = f"{_number_words(satang)}สตางค์"
    return f"{_number_words(baht)}บาท{said}" if baht else said


def parse_baht_words(text: str) -> Decimal | None:
    """Read an amount in words; None when the text is anything else.

    Spaces, brackets and a missing ถ้วน do not matter, and เอ็ด may be written หนึ่ง.
    """
    if len(text) > MAX_WORDS_CHARS:
        return None
    plain = _NOISE.sub("", ordered_thai(text))
    match = _AMOUNT.fullmatch(plain)
    if match is None or (match["baht"] is None and match["satang"] is None):
        return None
    baht = _parsed(match["baht"]) if match["baht"] else 0
    satang = _parsed(match["satang"]) if match["satang"] else 0
    if baht is None or satang is None or satang >= 100 or baht >= MAX_BAHT:
        return None
    return Decimal(baht) + Decimal(satang) / 100


def _number_words(number: int) -> str:
    if number >= 1_000_000:
        millions, rest = divmod(number, 1_000_000)
        tail = "เอ็ด" if rest == 1 else _number_words(rest)
        return f"{_number_words(millions)}{_MILLION}{tail}"
    words = ""
    for power in range(5, -1, -1):
        digit = number // 10**power % 10
        if not digit:
            continue
        if power == 1:
            words += {1: "", 2: "ยี่"}.get(digit, _DIGITS[digit]) + _UNITS[1]
        elif power == 0 and digit == 1 and number > 10:
            words += "เอ็ด"
        else:
            words += _DIGITS[digit] + _UNITS[power]
    return words


def _parsed(words: str) -> int | None:
    """Read a whole number; None when a word is unknown or out of its place."""
    tokens = _WORD.findall(words)
    if "".join(tokens) != words or not tokens:
        return None
    if tokens == ["ศูนย์"]:
        return 0
    total, group, digit, last = 0, 0, None, 6
    for token in tokens:
        if token == _MILLION:
            group += digit or 0
            if group + total == 0:
                return None
            total, group, digit, last = (total + group) * 1_000_000, 0, None, 6
        elif token in _POWERS:
            power = _POWERS[token]
            if power >= last or (digit is None and power != 1):
                return None
            group += (1 if digit is None else digit) * 10**power
            digit, last = None, power
        elif digit is not None or token == "ศูนย์" or last == 0:  # noqa: S105  the word for nought
            return None
        else:
            digit = _VALUES[token]
    return total + group + (digit or 0)
