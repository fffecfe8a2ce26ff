"""Do the lines hold: quantity times price, and their sum against the subtotal."""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import product

from paperwork.readings import Finding, Severity
from paperwork.validation.context import Values

_CENT = Decimal("0.01")
_ZERO = Decimal(0)
_SUM_TOLERANCE = Decimal("0.05")


def check_lines(lines: Sequence[Values]) -> Iterator[Finding]:
    """Report every line that does not hold in itself."""
    for number, line in enumerate(lines, 1):
        finding = check_line(line, number)
        if finding is not None:
            yield finding


def check_line(line: Values, number: int) -> Finding | None:
    """Report a line whose amount is not quantity times price less discount.

    A unit price is rounded itself, so that half its last decimal may differ for every unit; a
    price may include the tax, and a discount below a hundred may be a percentage.
    """
    quantity, price, amount = (_decimal(line, k) for k in ("quantity", "unit_price", "amount"))
    if quantity is None or price is None or amount is None:
        return None
    if is_line_consistent(line, quantity, price, amount):
        return None
    return Finding(
        "amount.line",
        Severity.ERROR,
        f"Line {number}: {quantity:f} times {price:f} does not make {amount:f}; compare the"
        " line with the page.",
        f"รายการที่ {number}: {quantity:f} คูณ {price:f} ไม่เท่ากับ {amount:f} โปรดตรวจสอบกับเอกสาร",
        ("amount", "unit_price", "quantity"),
        number,
    )


def is_line_consistent(line: Values, quantity: Decimal, price: Decimal, amount: Decimal) -> bool:
    """Tell whether a line's amount follows from the rest in any usual reading."""
    gross = quantity * price
    discount = abs(_decimal(line, "discount") or _ZERO)
    nets = {gross, gross - discount}
    if 0 < discount < 100:
        nets.add(gross * (100 - discount) / 100)
    exponent = price.as_tuple().exponent
    half = Decimal(5).scaleb(min(int(exponent), -2) - 1)
    tolerance = _CENT + abs(quantity) * half
    rate = abs(_decimal(line, "tax_rate") or _ZERO)
    totals = (amount, amount * (100 + rate) / 100)
    return any(abs(net - total) <= tolerance for net in nets for total in totals)


def check_line_sum(values: Values, lines: Sequence[Values]) -> Iterator[Finding]:
    """Report a subtotal that the lines' amounts do not make; silent where a line has none."""
    amounts = [_decimal(line, "amount") for line in lines]
    known = [amount for amount in amounts if amount is not None]
    targets = [t for key in ("subtotal", "total") if (t := _decimal(values, key)) is not None][:1]
    if not known or len(known) != len(amounts) or not targets:
        return
    total = sum(known, _ZERO)
    discount, charges, tax = (
        abs(_decimal(values, key) or _ZERO) for key in ("discount", "charges", "tax_amount")
    )
    sums = {
        total - d + c + t for d, c, t in product((_ZERO, discount), (_ZERO, charges), (_ZERO, tax))
    }
    tolerance = _SUM_TOLERANCE + _CENT * len(known) / 2
    if any(abs(s - target) <= tolerance for s in sums for target in targets):
        return
    yield Finding(
        "amount.subtotal",
        Severity.WARNING,
        f"The lines add up to {total:f}, which is not the subtotal {targets[0]:f}; a line may be"
        " missing or misread.",
        f"ผลรวมของรายการคือ {total:f} ไม่ตรงกับยอดรวม {targets[0]:f} อาจมีรายการขาดหายหรืออ่านผิด",
        ("subtotal",),
    )


def _decimal(values: Values, key: str) -> Decimal | None:
    value = values.get(key)
    return value if isinstance(value, Decimal) else None
