"""Do the taxes hold: VAT on its base, tax withheld, and the total in words."""

from collections.abc import Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import product

from paperwork.readings import Finding, Severity
from paperwork.validation.context import Values, is_thai
from paperwork.values.baht import baht_words, parse_baht_words

THAI_VAT_RATES = frozenset({Decimal(0), Decimal(7)})
"""In percent. The statutory 10 % is reduced to 7 % by decrees renewed for a year or two each."""
WITHHOLDING_RATES = tuple(map(Decimal, ("1", "1.5", "2", "3", "5", "10", "15")))
"""In percent of the base without VAT, by kind of income."""
_TOLERANCE = Decimal("0.05")
_ZERO = Decimal(0)
_HUGE = Decimal(10) ** 24


def check_tax(values: Values, lines: Sequence[Values]) -> Iterator[Finding]:
    """Report a Thai VAT rate that does not exist, and a tax that is not the rate of any base."""
    rate, tax = _decimal(values, "tax_rate"), _decimal(values, "tax_amount")
    if rate is not None and is_thai(values) and rate.normalize() not in THAI_VAT_RATES:
        yield Finding(
            "th.vat.rate",
            Severity.WARNING,
            f"A VAT rate of {rate.normalize():f} % is not in force in Thailand; it is 7 or 0.",
            f"อัตราภาษีมูลค่าเพิ่ม {rate.normalize():f}% ไม่มีใช้ในประเทศไทย อัตราคือ 7 หรือ 0",
            ("tax_rate",),
        )
    if rate is None or tax is None or _is_tax_of_some_base(values, lines, rate, abs(tax)):
        return
    yield Finding(
        "amount.tax",
        Severity.WARNING,
        f"The tax {tax:f} is not {rate.normalize():f} % of the amount before tax.",
        f"ภาษี {tax:f} ไม่ใช่ {rate.normalize():f}% ของมูลค่าก่อนภาษี",
        ("tax_amount", "subtotal", "tax_rate"),
    )


def _is_tax_of_some_base(
    values: Values, lines: Sequence[Values], rate: Decimal, tax: Decimal
) -> bool:
    subtotal, total = _decimal(values, "subtotal"), _decimal(values, "total")
    discount, charges = (abs(_decimal(values, k) or _ZERO) for k in ("discount", "charges"))
    bases = []
    if subtotal is not None:
        bases = [subtotal - d + c for d, c in product((_ZERO, discount), (_ZERO, charges))]
        bases.append(subtotal - tax)
    elif total is not None:
        bases = [total - tax]
    if not bases:
        return True
    if any(abs(vat_of(base, rate) - tax) <= _TOLERANCE for base in bases):
        return True
    # Goods of several rates: each line bears its own.
    own = [(_decimal(line, "amount"), _decimal(line, "tax_rate")) for line in lines]
    if not own or any(amount is None or own_rate is None for amount, own_rate in own):
        return False
    expected = sum((a * r / 100 for a, r in own if a is not None and r is not None), _ZERO)
    return len({r for _, r in own}) > 1 and abs(expected - tax) <= _TOLERANCE + len(own) / Decimal(
        50
    )


def vat_of(base: Decimal, rate: Decimal) -> Decimal:
    """The tax on a base, rounded half up to the cent; the rate in percent."""
    tax = base * rate / 100
    # Figures that are no amounts have more digits than the arithmetic.
    return tax.quantize(Decimal("0.01"), ROUND_HALF_UP) if abs(tax) < _HUGE else tax


def check_withholding(values: Values) -> Iterator[Finding]:
    """Report tax withheld that is no usual rate of the amount before VAT."""
    withheld = _decimal(values, "wht_amount")
    subtotal, total = _decimal(values, "subtotal"), _decimal(values, "total")
    if not withheld or (subtotal is None and total is None):
        return
    discount, tax = (abs(_decimal(values, k) or _ZERO) for k in ("discount", "tax_amount"))
    bases = {b for b in (subtotal, total and total - tax) if b is not None}
    bases |= {base - discount for base in bases}
    rates = product(bases, WITHHOLDING_RATES)
    if any(abs(vat_of(base, rate) - abs(withheld)) <= _TOLERANCE for base, rate in rates):
        return
    yield Finding(
        "th.wht",
        Severity.WARNING,
        f"The tax withheld, {withheld:f}, is no usual rate of the amount before VAT.",
        f"ภาษีหัก ณ ที่จ่าย {withheld:f} ไม่ตรงกับอัตราที่ใช้ทั่วไปของมูลค่าก่อนภาษี",
        ("wht_amount", "subtotal"),
    )


def check_words(values: Values) -> Iterator[Finding]:
    """Report a total in Thai words that is not the total in figures."""
    words, total = values.get("amount_in_words"), _decimal(values, "total")
    said = parse_baht_words(words) if isinstance(words, str) else None
    if said is None or total is None:
        return
    payable = total - abs(_decimal(values, "wht_amount") or _ZERO)
    after = total - abs(_decimal(values, "prepaid") or _ZERO)
    if said in (abs(total), abs(payable), abs(after)):
        return
    yield Finding(
        "th.bahttext",
        Severity.ERROR,
        f"The words say {said:f}, the figures {total:f}; one of them is misread or wrong.",
        f"ตัวอักษรระบุ {said:f} บาท แต่ตัวเลขระบุ {total:f} ({baht_words(abs(total)) or '-'})"
        " อย่างใดอย่างหนึ่งผิด",
        ("total", "amount_in_words"),
    )


def _decimal(values: Values, key: str) -> Decimal | None:
    value = values.get(key)
    return value if isinstance(value, Decimal) else None
