"""Is everything there that the Thai Revenue Code asks of a tax invoice (section 86/4)."""

from collections.abc import Collection, Iterator, Sequence

from paperwork.fields import HEADER_FIELDS
from paperwork.readings import Finding, Severity
from paperwork.validation.context import Values, is_thai
from paperwork.values.parties import parse_postcode

_FULL = (
    "number",
    "issue_date",
    "seller_name",
    "seller_address",
    "seller_tax_id",
    "buyer_name",
    "buyer_address",
    "tax_amount",
    "total",
)


def check_particulars(
    values: Values, lines: Sequence[Values], functions: Collection[str]
) -> Iterator[Finding]:
    """Report what a Thai tax invoice lacks, without which the buyer may not deduct its VAT."""
    if not is_thai(values):
        return
    if "abbreviated_tax_invoice" in functions:
        yield Finding(
            "th.invoice.abbreviated",
            Severity.WARNING,
            "The VAT of an abbreviated tax invoice cannot be deducted; ask for a full one.",
            "ใบกำกับภาษีอย่างย่อใช้หักภาษีซื้อไม่ได้ โปรดขอใบกำกับภาษีเต็มรูป",
            ("buyer_name",),
        )
    elif "tax_invoice" in functions:
        missing = [key for key in _FULL if key not in values]
        names_en = [HEADER_FIELDS[key].label_en for key in missing]
        names_th = [HEADER_FIELDS[key].label_th for key in missing]
        if not lines:
            names_en.append("Goods or services")
            names_th.append("รายการสินค้าหรือบริการ")
        if names_en:
            yield Finding(
                "th.invoice.particulars",
                Severity.ERROR,
                f"Not found, though a tax invoice must state it: {', '.join(names_en)}.",
                f"ไม่พบข้อความที่ใบกำกับภาษีต้องมี: {', '.join(names_th)}",
                tuple(missing),
            )


def check_currency(values: Values) -> Iterator[Finding]:
    """Report a Thai document in another currency, which needs a rate of exchange for the VAT."""
    currency = values.get("currency")
    if (
        isinstance(currency, str)
        and currency != "THB"
        and is_thai(values)
        and "tax_amount" in values
    ):
        yield Finding(
            "th.currency",
            Severity.WARNING,
            f"The amounts are in {currency}; look for the rate of exchange, which the VAT needs.",
            f"จำนวนเงินเป็นสกุล {currency} โปรดตรวจหาอัตราแลกเปลี่ยนที่ใช้คำนวณภาษี",
            ("currency",),
        )


def check_postcodes(values: Values) -> Iterator[Finding]:
    """Report Thai addresses whose five digits at the end are no Thai postcode."""
    for key in ("seller_address", "buyer_address"):
        address = values.get(key)
        if not isinstance(address, str) or not is_thai({key: address, "seller_address": address}):
            continue
        found = parse_postcode(address)
        if found is not None and not found.is_thai:
            yield Finding(
                "th.postcode",
                Severity.WARNING,
                f"{found.value} is no Thai postcode; a digit may be misread.",
                f"{found.value} ไม่ใช่รหัสไปรษณีย์ไทย อาจอ่านตัวเลขผิด",
                (key,),
            )
