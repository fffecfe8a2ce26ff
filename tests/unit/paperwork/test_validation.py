"""Checks name the fields that disagree and keep quiet where they know too little."""

from datetime import date
from decimal import Decimal

import pytest

from paperwork.readings import Value
from paperwork.validation import check_amounts, check_dates, check_tax_ids

TODAY = date(2026, 11, 23)


def amounts(**values: str) -> dict[str, Value]:
    return {key: Decimal(value) for key, value in values.items()}


@pytest.mark.parametrize(
    "values",
    [
        amounts(subtotal="923.38", discount="27.70", tax_amount="62.70", total="958.38"),
        amounts(subtotal="895.68", discount="27.70", tax_amount="62.70", total="958.38"),
        amounts(subtotal="100", charges="10", tax_amount="7.70", total="117.70"),
        amounts(subtotal="107", tax_amount="7", total="107"),
        amounts(subtotal="80.91", rounding="-0.01", total="80.90"),
        amounts(subtotal="100", tax_amount="7", prepaid="50", total="57"),
        amounts(total="5"),
        amounts(subtotal="5"),
    ],
)
def test_usual_readings_add_up(values: dict[str, Value]) -> None:
    assert check_amounts(values) == []


def test_a_wrong_total_is_named() -> None:
    (finding,) = check_amounts(amounts(subtotal="100", tax_amount="7", total="170"))
    assert finding.id == "amount.total"
    assert finding.fields[0] == "total"
    assert "170" in finding.message_en
    assert "170" in finding.message_th


def test_wrong_check_digits_are_named() -> None:
    (finding,) = check_tax_ids({"buyer_tax_id": "3303642621290", "seller_tax_id": "DE123456789"})
    assert (finding.id, finding.fields) == ("th.tin.checksum", ("buyer_tax_id",))
    assert check_tax_ids({"seller_tax_id": "0730215736811"}) == []


def test_dates_out_of_order_are_named() -> None:
    late = {"issue_date": date(2026, 1, 9), "due_date": date(2026, 1, 2)}
    assert [f.id for f in check_dates(late, TODAY)] == ["date.order"]
    assert [f.id for f in check_dates({"issue_date": date(2027, 5, 1)}, TODAY)] == ["date.future"]
    assert check_dates({"due_date": date(2027, 5, 1)}, TODAY) == []
