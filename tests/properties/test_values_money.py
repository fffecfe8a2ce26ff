"""Amounts survive being written in any common style and read again."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperwork.values.money import CURRENCIES, Money, decimal_mark_of, parse_money, parse_number

amounts = st.decimals(min_value=-(10**11), max_value=10**11, places=2)
currencies = st.none() | st.sampled_from(sorted(CURRENCIES))
STYLES = [
    (",", "."),
    (".", ","),
    (" ", ","),
    ("\u00a0", ","),
    ("\u202f", ","),
    ("'", "."),
    ("", "."),
]
THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


def written(amount: Decimal, group: str, mark: str) -> str:
    return f"{abs(amount):,.2f}".replace(",", "\0").replace(".", mark).replace("\0", group)


@given(amounts, st.sampled_from(STYLES), currencies, st.booleans(), st.booleans())
def test_written_amounts_read_back(
    amount: Decimal,
    style: tuple[str, str],
    currency: str | None,
    code_first: bool,
    thai: bool,
) -> None:
    text = written(amount, *style)
    text = text.translate(THAI_DIGITS) if thai else text
    text = f"-{text}" if amount < 0 else text
    if currency:
        text = f"{currency} {text}" if code_first else f"{text} {currency}"
    assert parse_money(text) == Money(amount, currency)


@given(amounts.filter(lambda a: a < 0), st.sampled_from(STYLES))
def test_all_ways_of_writing_a_minus_agree(amount: Decimal, style: tuple[str, str]) -> None:
    text = written(amount, *style)
    readings = {parse_money(t) for t in (f"-{text}", f"{text}-", f"({text})", f"฿ -{text}"[2:])}
    assert readings == {Money(amount)}


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    money = parse_money(text)
    assert money is None or money.amount.is_finite()


@pytest.mark.parametrize(
    ("text", "mark", "expected"),
    [
        ("1.234", None, "1.234"),
        ("1.234", ",", "1234"),
        ("1,234", None, "1234"),
        ("1,234", ",", "1.234"),
        ("0,520", None, "0.520"),
        ("36.0000", None, "36.0000"),
        ("1,23,456.00", None, "123456.00"),
        ("-.02", None, "-0.02"),
        ("100,-", None, "100"),
    ],
)
def test_ambiguous_marks_follow_the_page(text: str, mark: str | None, expected: str) -> None:
    assert parse_number(text, decimal_mark=mark) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "currency"),
    [("฿1,234.50", "THB"), ("1,234.50 บาท", "THB"), ("RM 73.00", "MYR"), ("€ -9,32", "EUR")],
)
def test_signs_name_the_currency(text: str, currency: str) -> None:
    money = parse_money(text)
    assert money is not None
    assert money.currency == currency


@pytest.mark.parametrize("text", ["", "12/03/2024", "10.00 15.00", "(5.00", "1.2.3", "--5", "A4"])
def test_other_things_are_no_amounts(text: str) -> None:
    assert parse_money(text) is None


def test_decimal_mark_needs_proof() -> None:
    assert decimal_mark_of(["1.234", "7", "x"]) is None
    assert decimal_mark_of(["1.234,50", "0,99", "v1.25"]) == ","
