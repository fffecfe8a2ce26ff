"""Bank accounts, VAT numbers and postcodes prove themselves, and any text is taken calmly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperwork.values.parties import is_iban, is_vat_number, parse_postcode

digits = st.text("0123456789", min_size=18, max_size=18)


@given(digits)
def test_german_accounts_with_right_check_digits_pass_and_others_fail(account: str) -> None:
    check = 98 - int(account + "131400") % 97
    right = f"DE{check:02d}{account}"
    spaced = " ".join(right[i : i + 4] for i in range(0, len(right), 4))
    assert is_iban(right)
    assert is_iban(spaced)
    assert not is_iban(f"DE{(check % 97) + 2:02d}{account}") or (check % 97) + 2 == check


@pytest.mark.parametrize(
    "number", ["DE136695976", "ATU13585627", "FR83404833048", "DE811569869", "BE0428759497"]
)
def test_published_vat_numbers_pass_and_a_changed_digit_fails(number: str) -> None:
    assert is_vat_number(number)
    changed = str((int(number[-1]) + 1) % 10)
    assert not is_vat_number(number[:-1] + changed)


@pytest.mark.parametrize(
    ("address", "code", "is_thai"),
    [
        ("9 ถนนสุขุมวิท กรุงเทพฯ ๑๐๑๑๐", "10110", True),
        ("88/12345 หมู่ 5 ชลบุรี 20110", "20110", True),
        ("1 ถนน 99110", "99110", False),
        ("1 ถนน 28000", "28000", False),
    ],
)
def test_postcodes(address: str, code: str, is_thai: bool) -> None:
    found = parse_postcode(address)
    assert found is not None
    assert (found.value, found.is_thai) == (code, is_thai)


def test_no_postcode() -> None:
    assert parse_postcode("99/1 หมู่ 3") is None


@given(st.text(max_size=200))
def test_any_text_is_judged(text: str) -> None:
    assert is_iban(text) in (True, False)
    assert is_vat_number(text) in (True, False)
    found = parse_postcode(text)
    assert found is None or len(found.value) == 5
