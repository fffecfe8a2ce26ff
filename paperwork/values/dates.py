"""Dates as they are written on paper, in six languages and two eras, day first unless proven."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from paperwork.values.text import arabic_digits, fold, ordered_thai

BUDDHIST_OFFSET = 543
"""Years of the Buddhist era less those of the Common Era."""

MAX_DATE_CHARS = 400
"""Longer texts are read up to here only."""

_YEARS_BACK, _YEARS_AHEAD = 10, 2
_MONTH_NAMES = {
    "en": "january february march april may june july august september october november december",
    "de": "januar februar marz april mai juni juli august september oktober november dezember",
    "fr": "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre "
    "noviembre diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "th": "มกราคม กุมภาพันธ์ มีนาคม เมษายน พฤษภาคม มิถุนายน กรกฎาคม สิงหาคม กันยายน ตุลาคม พฤศจิกายน ธันวาคม",
    "short": "jan feb mar apr may jun jul aug sep oct nov dec",
    "de short": "jan feb mrz apr mai jun jul aug sept okt nov dez",
    "fr short": "janv fevr mars avr mai juin juil aout sept oct nov dec",
    "es short": "ene feb mar abr may jun jul ago sept oct nov dic",
    "it short": "gen feb mar apr mag giu lug ago set ott nov dic",
    "other": "janner feber maerz apr mei jun jul ag setiembre okt nov dez",
    "th short": "มค กพ มีค เมย พค มิย กค สค กย ตค พย ธค",
}


def _months() -> dict[str, int]:
    names: dict[str, int] = {}
    for line in _MONTH_NAMES.values():
        for number, name in enumerate(line.split(), 1):
            names.setdefault(ordered_thai(name), number)
    return names


MONTHS = _months()
"""Month names and their abbreviations, folded and without dots, with their numbers."""


def _thai_short(name: str) -> str:
    return r"\.?\s?".join(
        map(re.escape, re.findall(r"\u0e40?[\u0e01-\u0e2e][\u0e31-\u0e3a]?", name))
    )


_NAME = "|".join(
    _thai_short(n) if n in _MONTH_NAMES["th short"].split() else re.escape(n)
    for n in sorted(MONTHS, key=len, reverse=True)
)
_SEP = r"\s{{0,2}}(?P<sep{0}>[-/.])\s{{0,2}}"
_SAME = r"\s{{0,2}}(?P=sep{0})\s{{0,2}}"
_ERA = r"(?:(?P<era{0}>พ\.?\s?ศ\.?|ค\.?\s?ศ\.?|b\.?e\.?)\s{{0,2}})?"
_PATTERN = re.compile(
    rf"(?<![\d.,/-])(?P<y1>\d{{4}}){_SEP.format(1)}(?P<m1>\d{{1,2}}){_SAME.format(1)}(?P<d1>\d{{1,2}})(?!\d|[.,]\d)"
    rf"|(?<![\d,/])(?<!\d\.)(?:(?<!\d-)|(?=\d{{1,2}}\s{{0,2}}[/.]))(?P<d2>\d{{1,2}}){_SEP.format(2)}(?P<m2>\d{{1,2}}){_SAME.format(2)}"
    rf"(?P<y2>\d{{4}}|\d{{2}})"
    rf"(?!\d{{1,5}}(?!\d{{0,3}}:)|[.,-]\d)"
    rf"|(?<!\d)(?P<d3>\d{{1,2}})(?:st|nd|rd|th|er|\.|º|°)?\s{{0,3}}[-/.,]?\s{{0,2}}(?:de |of )?"
    rf"(?:เดือน\s?)?(?P<m3>{_NAME})(?![a-z])\.?\s{{0,2}}[-/.,']?\s{{0,2}}(?:de |del |of )?"
    rf"{_ERA.format(3)}(?P<y3>\d{{4}}|\d{{2}})(?!\d|[.,]\d)"
    rf"|(?<![a-z])(?P<m4>{_NAME})(?![a-z])\.?\s{{0,2}}(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?\s{{0,2}}[,.]?"
    rf"\s{{0,2}}(?P<y4>\d{{4}})(?!\d)"
    rf"|(?<!\d)(?P<y5>20\d\d)(?P<m5>0[1-9]|1[0-2])(?P<d5>[0-3]\d)(?!\d)"
)


@dataclass(frozen=True, slots=True)
class DateReading:
    """One date found in a text.

    Attributes:
        value: The reading chosen.
        alternative: The other calendar day the same characters can mean, if any.
        start: Index of its first character in the text.
        end: Index behind its last character.
        certain: The century or era had not to be guessed.
    """

    value: date
    alternative: date | None
    start: int
    end: int
    certain: bool


def find_dates(text: str, *, today: date, month_first: bool = False) -> list[DateReading]:
    """Find the dates in a text, in the order they stand.

    Years from 2400 on are of the Buddhist era. A two-digit year is read in both eras and the one
    between ten years back and two ahead of today is kept; when both or neither are, the Common
    Era is taken, or, after a Thai month, the Buddhist, and the reading is not `certain`.

    Args:
        text: Any text; only its first `MAX_DATE_CHARS` characters are read.
        today: The reader's day.
        month_first: Read 03/04 as the fourth of March; see `month_first_of`.
    """
    plain = _aligned(text[:MAX_DATE_CHARS])
    found = []
    for match in _PATTERN.finditer(plain):
        reading = _reading(match, today, month_first=month_first)
        if reading is not None:
            found.append(reading)
    return found


def parse_date(text: str, *, today: date, month_first: bool = False) -> DateReading | None:
    """Read a text that holds exactly one date and perhaps a time of day or a weekday."""
    found = find_dates(text.strip(), today=today, month_first=month_first)
    return found[0] if len(found) == 1 else None


def month_first_of(texts: Iterable[str]) -> bool:
    """Tell whether a page's numeric dates prove that the month comes first.

    They do when some have a second part over 12 and none has a first part over 12.
    """
    month_first = day_first = 0
    for text in texts:
        for match in _PATTERN.finditer(_aligned(text[:MAX_DATE_CHARS])):
            if match["d2"]:
                month_first += int(match["m2"]) > 12 >= int(match["d2"])
                day_first += int(match["d2"]) > 12
    return month_first > 0 and day_first == 0


def _aligned(text: str) -> str:
    """Fold character by character, so that positions stay those of the given text."""
    digits = arabic_digits(text)
    return "".join(f if len(f := fold(c)) == 1 else c for c in digits)


def _reading(match: re.Match[str], today: date, *, month_first: bool) -> DateReading | None:
    kind = next(k for k in "12345" if match["d" + k])
    day, year_text = int(match["d" + kind]), match["y" + kind]
    month_text = match["m" + kind]
    month = int(month_text) if month_text.isdecimal() else _month_number(month_text)
    thai = bool(month_text and "\u0e01" <= month_text[0] <= "\u0e5b")
    year, certain = _year(year_text, today, thai=thai)
    orders = [(month, day)]
    if kind == "2":
        orders = [(day, month), (month, day)] if month_first else [(month, day), (day, month)]
    days = [d for m, n in orders if (d := _calendar_day(year, m, n)) is not None]
    if not days:
        return None
    other = next((d for d in days if d != days[0]), None)
    return DateReading(days[0], other, match.start(), match.end(), certain)


def _month_number(name: str) -> int:
    bare = re.sub(r"[.\s]", "", name)
    return MONTHS.get(bare) or MONTHS[ordered_thai(bare)]


def _year(text: str, today: date, *, thai: bool) -> tuple[int, bool]:
    year = int(text)
    if len(text) == 4:
        return (year - BUDDHIST_OFFSET, True) if year >= 2400 else (year, True)
    common, buddhist = 2000 + year, 2500 + year - BUDDHIST_OFFSET
    near = [
        y for y in (buddhist, common) if today.year - _YEARS_BACK <= y <= today.year + _YEARS_AHEAD
    ]
    if len(near) == 1 and (thai or near[0] == common):
        return near[0], True
    if thai:
        return buddhist, False
    # An old Common Era year is as likely as a recent Buddhist one; only the page can tell.
    return (near[0], False) if near else (common if year <= 79 else common - 100, False)


def _calendar_day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1900 <= year <= 2199 else None
    except ValueError:
        return None
