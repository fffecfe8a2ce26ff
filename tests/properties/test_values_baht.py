"""Amounts survive being written in Thai words and read again; nothing else reads as one."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperwork.values.baht import baht_words, parse_baht_words

amounts = st.decimals(min_value=0, max_value=10**15, places=2)


@given(amounts)
def test_words_read_back(amount: Decimal) -> None:
    words = baht_words(amount)
    assert words is not None
    assert parse_baht_words(words) == amount
    assert parse_baht_words(f"( {' '.join(words)} )") == amount


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("0", "ศูนย์บาทถ้วน"),
        ("0.25", "ยี่สิบห้าสตางค์"),
        ("1", "หนึ่งบาทถ้วน"),
        ("11.01", "สิบเอ็ดบาทหนึ่งสตางค์"),
        ("21", "ยี่สิบเอ็ดบาทถ้วน"),
        ("101", "หนึ่งร้อยเอ็ดบาทถ้วน"),
        ("1284.50", "หนึ่งพันสองร้อยแปดสิบสี่บาทห้าสิบสตางค์"),
        ("64788.50", "หกหมื่นสี่พันเจ็ดร้อยแปดสิบแปดบาทห้าสิบสตางค์"),
        ("1000001", "หนึ่งล้านเอ็ดบาทถ้วน"),
        ("12000000000000", "สิบสองล้านล้านบาทถ้วน"),
    ],
)
def test_published_forms(amount: str, words: str) -> None:
    assert baht_words(Decimal(amount)) == words
    assert parse_baht_words(words) == Decimal(amount)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("หนึ่งร้อยหนึ่งบาท", "101"), ("จำนวนเงินตัวอักษร : สองพันบาทถ้วน", "2000"), ("(เก้าบาทถ้วน)", "9")],
)
def test_other_spellings(text: str, amount: str) -> None:
    assert parse_baht_words(text) == Decimal(amount)


@pytest.mark.parametrize(
    "text",
    ["", "บาท", "บาทถ้วน", "ร้อยบาท", "สิบสิบบาท", "ล้านบาท", "หนึ่งสองบาท", "one baht", "สอง" * 900],
)
def test_no_amount(text: str) -> None:
    assert parse_baht_words(text) is None


@given(st.text(alphabet="หนึ่งสองสามร้อยพันล้านบาทถ้วนสตางค์ ศูนย์", max_size=60) | st.text(max_size=60))
def test_any_text_is_an_amount_or_none(text: str) -> None:
    found = parse_baht_words(text)
    assert found is None or found >= 0


def test_negative_and_huge_amounts_have_no_words() -> None:
    assert baht_words(Decimal(-1)) is None
    assert baht_words(Decimal(10) ** 20) is None
