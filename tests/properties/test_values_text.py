"""Text folds to one stable form; Thai marks come out in one order."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from paperwork.values.text import arabic_digits, fold, ordered_thai, squash

thai = st.text(st.characters(min_codepoint=0x0E01, max_codepoint=0x0E5B), max_size=40)


@given(st.text(max_size=60) | thai)
def test_folding_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert squash(fold(text)) == squash(text)


@given(thai)
def test_ordering_marks_is_stable(text: str) -> None:
    assert ordered_thai(ordered_thai(text)) == ordered_thai(text)


def test_marks_typed_in_any_order_agree() -> None:
    assert {ordered_thai("ท" + "".join(p)) for p in permutations("ี่่")} == {"ที่"}
    assert ordered_thai("นํ้า") == "น้ำ"
    assert ordered_thai("เเละ") == "และ"
    assert ordered_thai("ก\u200bข") == "กข"


def test_digits_keep_their_places() -> None:
    assert arabic_digits("๑๒,๓๔๕.๖๗ บาท") == "12,345.67 บาท"


def test_case_accents_and_width_do_not_count() -> None:
    assert fold("  ＭÜLLER – Straße ") == "muller - strasse"
    assert squash("A/B-C 1") == "abc1"
