"""Every check has a case that passes and one that fails, and speaks both languages."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import pytest

from paperwork.fields import HEADER_FIELDS, LINE_FIELDS
from paperwork.readings import Finding, Severity, Value
from paperwork.validation import check
from paperwork.values.parties import is_iban
from paperwork.values.text import has_thai

TODAY = date(2026, 11, 23)
GOOD_ID, BAD_ID = "0730215736811", "0730215736812"

FULL: dict[str, Value] = {
    "number": "IV-1",
    "issue_date": date(2026, 11, 1),
    "due_date": date(2026, 12, 1),
    "seller_name": "บริษัท ตัวอย่าง จำกัด",
    "seller_address": "9 ถนนสุขุมวิท กรุงเทพฯ 10110",
    "seller_tax_id": GOOD_ID,
    "seller_branch": "00000",
    "buyer_name": "บริษัท ผู้ซื้อ จำกัด",
    "buyer_address": "1 ถนนพระราม 4 กรุงเทพฯ 10500",
    "currency": "THB",
    "subtotal": Decimal("1200.00"),
    "tax_rate": Decimal(7),
    "tax_amount": Decimal("84.00"),
    "total": Decimal("1284.00"),
    "wht_amount": Decimal("36.00"),
    "amount_in_words": "หนึ่งพันสองร้อยแปดสิบสี่บาทถ้วน",
}
LINES: list[dict[str, Value]] = [
    {"quantity": Decimal(2), "unit_price": Decimal("250.00"), "amount": Decimal("500.00")},
    {
        "quantity": Decimal(10),
        "unit_price": Decimal("80.00"),
        "discount": Decimal("100.00"),
        "amount": Decimal("700.00"),
    },
]
EURO: dict[str, Value] = {"currency": "EUR", "seller_name": "Beispiel GmbH"}


def found(
    values: Mapping[str, Value],
    lines: Sequence[Mapping[str, Value]] = LINES,
    functions: Sequence[str] = ("tax_invoice",),
) -> list[Finding]:
    return check(values, lines, functions, TODAY)


def test_a_right_invoice_has_no_finding() -> None:
    assert found(FULL) == []


@pytest.mark.parametrize(
    ("name", "change", "key"),
    [
        ("amount.total", {"total": Decimal("1384.00")}, "total"),
        ("amount.subtotal", {"subtotal": Decimal("1100.00")}, "subtotal"),
        ("amount.tax", {"tax_amount": Decimal("48.00")}, "tax_amount"),
        ("th.vat.rate", {"tax_rate": Decimal(8)}, "tax_rate"),
        ("th.wht", {"wht_amount": Decimal("55.55")}, "wht_amount"),
        ("th.bahttext", {"amount_in_words": "หนึ่งร้อยบาทถ้วน"}, "total"),
        ("th.tin.checksum", {"seller_tax_id": BAD_ID}, "seller_tax_id"),
        ("th.tin.format", {"seller_tax_id": "3101234567"}, "seller_tax_id"),
        ("th.tin.format", {"seller_tax_id": "07302157368"}, "seller_tax_id"),
        ("th.tin.kind", {"seller_tax_id": "1101700230708"}, "seller_tax_id"),
        ("th.branch", {"seller_branch": "1"}, "seller_branch"),
        ("date.future", {"issue_date": date(2026, 12, 25), "due_date": date(2026, 12, 26)},
         "issue_date"),
        ("date.old", {"issue_date": date(2006, 11, 1)}, "issue_date"),
        ("date.order", {"due_date": date(2026, 10, 1)}, "due_date"),
        ("th.invoice.particulars", {"buyer_address": None}, "buyer_address"),
        ("th.currency", {"currency": "USD"}, "currency"),
        ("th.postcode", {"seller_address": "9 ถนนสุขุมวิท 99110"}, "seller_address"),
        ("eu.vat.checksum", {"buyer_tax_id": "DE136695975"}, "buyer_tax_id"),
    ],
)  # fmt: skip
def test_each_check_fails_on_its_own_fault(
    name: str, change: Mapping[str, Value | None], key: str
) -> None:
    values = {k: v for k, v in {**FULL, **change}.items() if v is not None}
    findings = found(values)
    (finding,) = [f for f in findings if f.id == name]
    assert key in finding.fields
    assert set(finding.fields) <= set(HEADER_FIELDS)
    assert has_thai(finding.message_th)
    assert finding.message_en.isascii()


def test_a_line_that_does_not_multiply_is_named() -> None:
    wrong = [LINES[0], {**LINES[1], "unit_price": Decimal("90.00")}]
    (finding,) = found(FULL, wrong)
    assert (finding.id, finding.line, finding.severity) == ("amount.line", 2, Severity.ERROR)
    assert set(finding.fields) <= set(LINE_FIELDS)


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": "2", "unit_price": "250.47", "amount": "500.93"},
        {"quantity": "3", "unit_price": "100", "discount": "10", "amount": "270"},
        {"quantity": "4", "unit_price": "107", "tax_rate": "7", "amount": "400"},
        {"quantity": "10000", "unit_price": "0.052", "amount": "520"},
        {"quantity": "2", "amount": "7"},
    ],
)
def test_usual_lines_hold(line: Mapping[str, str]) -> None:
    values = {key: Decimal(text) for key, text in line.items()}
    assert found({}, [values], ()) == []


def test_goods_of_several_rates_hold() -> None:
    lines: list[dict[str, Value]] = [
        {"amount": Decimal(100), "tax_rate": Decimal(19)},
        {"amount": Decimal(100), "tax_rate": Decimal(7)},
    ]
    values = {**EURO, "subtotal": Decimal(200), "tax_amount": Decimal(26), "total": Decimal(226)}
    assert found({**values, "tax_rate": Decimal(19)}, lines) == []
    wrong = {**values, "tax_rate": Decimal(19), "tax_amount": Decimal(36)}
    assert "amount.tax" in [f.id for f in found(wrong, lines)]


def test_thai_rules_leave_other_countries_alone() -> None:
    values = {**EURO, "seller_tax_id": "5133081508159", "tax_rate": Decimal(19)}
    assert found(values, []) == []


def test_an_abbreviated_invoice_cannot_be_deducted() -> None:
    findings = found(FULL, LINES, ("abbreviated_tax_invoice", "receipt"))
    assert [f.id for f in findings] == ["th.invoice.abbreviated"]


@pytest.mark.parametrize("number", ["DE89370400440532013000", "GB82 WEST 1234 5698 7654 32"])
def test_bank_account_numbers_prove_themselves(number: str) -> None:
    assert is_iban(number)
    assert not is_iban(number[:-1] + "9")
    assert not is_iban("x" * 5000)
