"""Dates survive being written in any language and era and read again."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paperwork.values.dates import find_dates, month_first_of, parse_date

TODAY = date(2026, 11, 23)
days = st.dates(min_value=date(1950, 1, 1), max_value=date(2099, 12, 31))
recent = st.dates(min_value=date(2017, 1, 1), max_value=date(2028, 12, 31))
ENGLISH = "January February March April May June July August September October November December"
GERMAN = "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
FRENCH = "janvier février mars avril mai juin juillet août septembre octobre novembre décembre"
SPANISH = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
ITALIAN = (
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre"
)
THAI = "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม"
THAI_SHORT = "ม.ค. ก.พ. มี.ค. เม.ย. พ.ค. มิ.ย. ก.ค. ส.ค. ก.ย. ต.ค. พ.ย. ธ.ค."
THAI_DIGITS = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
PATTERNS = {
    ENGLISH: "{d} {m} {y}",
    GERMAN: "{d}. {m} {y}",
    FRENCH: "{d} {m} {y}",
    SPANISH: "{d} de {m} de {y}",
    ITALIAN: "{d} {m} {y}",
}


@given(days, st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%d %b %Y"]))
def test_numeric_dates_read_back(day: date, form: str) -> None:
    found = parse_date(day.strftime(form), today=TODAY)
    assert found is not None
    assert found.value == day


@given(days, st.sampled_from(list(PATTERNS)))
def test_month_names_read_back(day: date, names: str) -> None:
    text = PATTERNS[names].format(d=day.day, m=names.split()[day.month - 1], y=day.year)
    found = parse_date(text, today=TODAY)
    assert found is not None
    assert (found.value, found.alternative) == (day, None)


@given(recent, st.sampled_from([THAI, THAI_SHORT]), st.booleans(), st.booleans(), st.booleans())
def test_thai_dates_read_back(
    day: date, names: str, dots: bool, thai_digits: bool, short_year: bool
) -> None:
    month = names.split()[day.month - 1]
    month = month if dots else month.replace(".", "")
    year = (day.year + 543) % 100 if short_year else day.year + 543
    text = f"{day.day} {month} {year}"
    text = text.translate(THAI_DIGITS) if thai_digits else text
    found = parse_date(text, today=TODAY)
    assert found is not None, text
    assert found.value == day


@given(days.filter(lambda d: d.day <= 12 and d.day != d.month))
def test_the_other_reading_is_kept(day: date) -> None:
    text = day.strftime("%d/%m/%Y")
    day_first = parse_date(text, today=TODAY)
    month_first = parse_date(text, today=TODAY, month_first=True)
    assert day_first is not None
    assert month_first is not None
    assert (day_first.value, day_first.alternative) == (day, month_first.value)
    assert month_first.alternative == day


@given(st.text(max_size=300))
def test_spans_lie_in_the_text(text: str) -> None:
    for found in find_dates(text, today=TODAY):
        assert 0 <= found.start < found.end <= len(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("13/06/67 09:30", date(2024, 6, 13)),
        ("11-05-16", date(2016, 5, 11)),
        ("10-03-201823:03:06", date(2018, 3, 10)),
        ("15/12/2565", date(2022, 12, 15)),
        ("August 3 , 2014", date(2014, 8, 3)),
        ("Thursday, 14 DECEMBER, 2017 12:48", date(2017, 12, 14)),
        ("1er janvier 2020", date(2020, 1, 1)),
        ("20180305", date(2018, 3, 5)),
        ("05/19/20", date(2020, 5, 19)),
    ],
)
def test_dates_as_paper_shows_them(text: str, expected: date) -> None:
    found = parse_date(text, today=TODAY)
    assert found is not None
    assert found.value == expected


@pytest.mark.parametrize(
    "text", ["1,234.50", "31/02/2024", "07-3523888", "192.168.1.20", "1234567890", "NO 12/3", ""]
)
def test_other_things_are_no_dates(text: str) -> None:
    assert find_dates(text, today=TODAY) == []


def test_a_page_proves_that_months_come_first() -> None:
    assert month_first_of(["03/04/2020", "05/19/20"])
    assert not month_first_of(["03/04/2020"])
    assert not month_first_of(["05/19/20", "19/05/20"])
