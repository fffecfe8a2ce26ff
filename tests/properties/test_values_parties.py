"""Tax ids prove themselves; company names compare without their legal forms."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperwork.values.parties import (
    HEAD_OFFICE,
    bare_company_name,
    has_legal_form,
    is_thai_tax_id,
    parse_branch,
    parse_tax_id,
    thai_check_digit,
)

twelve = st.text("0123456789", min_size=12, max_size=12).filter(lambda d: len(set(d)) > 1)
THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")


@given(twelve, st.booleans(), st.booleans())
def test_completed_numbers_pass_however_written(first: str, hyphens: bool, thai: bool) -> None:
    number = first + thai_check_digit(first)
    text = "-".join((number[0], number[1:5], number[5:10], number[10:12], number[12]))
    text = text if hyphens else number
    tax_id = parse_tax_id(text.translate(THAI_DIGITS) if thai else text)
    assert tax_id is not None
    assert (tax_id.value, tax_id.scheme, tax_id.proven) == (number, "TH", True)


@given(twelve, st.integers(1, 9))
def test_a_wrong_check_digit_fails(first: str, step: int) -> None:
    wrong = str((int(thai_check_digit(first)) + step) % 10)
    assert not is_thai_tax_id(first + wrong)


@pytest.mark.parametrize("number", ["0107536000269", "0105536001433"])
def test_published_numbers_pass(number: str) -> None:
    assert is_thai_tax_id(number) == (thai_check_digit(number[:12]) == number[12])


@pytest.mark.parametrize(
    ("text", "value", "scheme", "proven"),
    [
        ("DE 232 446 240", "DE232446240", "VAT", True),
        ("NL810433941B01", "NL810433941B01", "VAT", True),
        ("55-6677889", "556677889", "OTHER", False),
        ("000849813504", "000849813504", "OTHER", False),
    ],
)
def test_other_schemes(text: str, value: str, scheme: str, proven: bool) -> None:
    tax_id = parse_tax_id(text)
    assert tax_id is not None
    assert (tax_id.value, tax_id.scheme, tax_id.proven) == (value, scheme, proven)


@pytest.mark.parametrize("text", ["", "0000000000000", "ABC", "12", "9" * 61])
def test_no_identifier(text: str) -> None:
    assert parse_tax_id(text) is None


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("(สำนักงานใหญ่)", HEAD_OFFICE),
        ("สนญ.", HEAD_OFFICE),
        ("Head Office", HEAD_OFFICE),
        ("สาขาที่ 1", "00001"),
        ("สาขาที่ ๐๐๐๑๒", "00012"),
        ("Branch No. 7", "00007"),
        ("กรุงเทพ", None),
    ],
)
def test_branches(text: str, branch: str | None) -> None:
    assert parse_branch(text) == branch


@pytest.mark.parametrize(
    "spellings",
    [
        ("บริษัท ไทยเบฟเวอเรจ จำกัด (มหาชน)", "บมจ.ไทยเบฟเวอเรจ", "ไทยเบฟเวอเรจ"),
        ("Müller GmbH & Co. KG", "MULLER GMBH", "Müller"),
        ("ACME CO., LTD.", "Acme Company Limited", "Acme Co Ltd"),
        ("Coolblue B.V.", "COOLBLUE BV"),
        ("Alfa S.p.A.", "ALFA SPA"),
    ],
)
def test_spellings_of_one_firm_agree(spellings: tuple[str, ...]) -> None:
    assert len({bare_company_name(name) for name in spellings}) == 1


def test_different_firms_differ() -> None:
    assert bare_company_name("บริษัท สยามแม็คโคร จำกัด") != bare_company_name("บริษัท สยามพิวรรธน์ จำกัด")


@given(st.text(max_size=100))
def test_stripping_twice_changes_nothing_more(name: str) -> None:
    assert (
        bare_company_name(bare_company_name(name)).isalnum()
        or not bare_company_name(name).isalnum()
    )


def test_legal_forms_are_words_of_their_own() -> None:
    assert has_legal_form("Bei Spiel GmbH")
    assert not has_legal_form("Incline Street")
