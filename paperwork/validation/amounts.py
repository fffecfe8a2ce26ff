"""Do the amounts add up: subtotal, discount, charges, tax and rounding against the total."""

from collections.abc import Mapping
from decimal import Decimal

from paperwork.readings import Finding, Severity, Value

TOTAL_TOLERANCE = Decimal("0.05")
"""Rounding per line may leave this much between the parts and the total, in currency units."""

_ZERO = Decimal(0)
_PARTS = ("subtotal", "discount", "charges", "tax_amount", "rounding", "total")


def is_consistent(
    *,
    subtotal: Decimal,
    total: Decimal,
    discount: Decimal = _ZERO,
    charges: Decimal = _ZERO,
    tax: Decimal = _ZERO,
    rounding: Decimal = _ZERO,
    tolerance: Decimal = TOTAL_TOLERANCE,
) -> bool:
    """Tell whether the parts make the total under any usual reading of the subtotal.

    The subtotal may stand before or after the discount, before or after the charges, and may
    include the tax. A discount counts as taken off whether or not it is printed with a minus.
    """
    discount = abs(discount)
    subtotals = {subtotal, subtotal - discount, subtotal + charges, subtotal - discount + charges}
    taxes = {tax, _ZERO}
    roundings = {rounding, _ZERO}
    return any(
        abs(s + t + r - total) <= tolerance for s in subtotals for t in taxes for r in roundings
    )


def check_amounts(values: Mapping[str, Value]) -> list[Finding]:
    """Report a total that its parts do not make; silent when too few of them are known."""
    known = {key: v for key in _PARTS if isinstance(v := values.get(key), Decimal)}
    if "subtotal" not in known or "total" not in known:
        return []
    prepaid = values.get("prepaid")
    paid = abs(prepaid) if isinstance(prepaid, Decimal) else _ZERO
    parts = {
        "subtotal": known["subtotal"],
        "discount": known.get("discount", _ZERO),
        "charges": known.get("charges", _ZERO),
        "tax": known.get("tax_amount", _ZERO),
        "rounding": known.get("rounding", _ZERO),
    }
    if any(is_consistent(total=known["total"] + p, **parts) for p in (_ZERO, paid)):
        return []
    return [
        Finding(
            "amount.total",
            Severity.ERROR,
            f"The parts do not add up to the total {known['total']}; compare them with the page.",
            f"ผลรวมของรายการย่อยไม่ตรงกับยอดรวม {known['total']} โปรดตรวจสอบกับเอกสาร",
            tuple(key for key in reversed(_PARTS) if key in known),
        )
    ]
