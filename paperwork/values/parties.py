"""Who is meant: tax identifiers, branches, and company names without their legal forms."""

import re
import tomllib
from dataclasses import dataclass
from importlib import resources

from stdnum import iban
from stdnum.eu import vat

from paperwork.values.text import arabic_digits, fold, squash

HEAD_OFFICE = "00000"
"""The branch code of a Thai company's head office."""

_VAT_SHAPES = {
    "AT": r"U\d{8}",
    "BE": r"[01]\d{9}",
    "BG": r"\d{9,10}",
    "CY": r"\d{8}[A-Z]",
    "CZ": r"\d{8,10}",
    "DE": r"\d{9}",
    "DK": r"\d{8}",
    "EE": r"\d{9}",
    "EL": r"\d{9}",
    "ES": r"[A-Z0-9]\d{7}[A-Z0-9]",
    "FI": r"\d{8}",
    "FR": r"[A-Z0-9]{2}\d{9}",
    "GB": r"(?:\d{9}|\d{12}|[A-Z]{2}\d{3})",
    "HR": r"\d{11}",
    "HU": r"\d{8}",
    "IE": r"\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
    "IT": r"\d{11}",
    "LT": r"(?:\d{9}|\d{12})",
    "LU": r"\d{8}",
    "LV": r"\d{11}",
    "MT": r"\d{8}",
    "NL": r"\d{9}B\d{2}",
    "NO": r"\d{9}(?:MVA)?",
    "PL": r"\d{10}",
    "PT": r"\d{9}",
    "RO": r"\d{2,10}",
    "SE": r"\d{12}",
    "SI": r"\d{8}",
    "SK": r"\d{10}",
}
_NO_PROVINCE = frozenset({19, 28, 29, 59, 68, 69, 78, 79, 87, 88, 89})
"""First two digits that no province has."""
_VAT = re.compile("|".join(f"{country}{shape}" for country, shape in _VAT_SHAPES.items()))


@dataclass(frozen=True, slots=True)
class TaxId:
    """A tax identifier in the form used for comparison.

    Attributes:
        value: Upper case letters and digits only.
        scheme: TH (13 digits), VAT (a European number with its country) or OTHER.
        proven: The check digit (TH) or the country's shape (VAT) holds.
    """

    value: str
    scheme: str
    proven: bool


def parse_tax_id(text: str) -> TaxId | None:
    """Read one tax identifier written with any spacing, hyphens or Thai digits.

    Returns:
        None when fewer than five or more than twenty letters and digits remain, when fewer than
        four of them are digits, or when they are one digit over and over.
    """
    if len(text) > 60:
        return None
    value = re.sub(r"[^A-Z0-9]", "", arabic_digits(text).upper())
    digits = sum(c.isdigit() for c in value)
    if not 5 <= len(value) <= 20 or digits < 4 or len(set(value)) == 1:
        return None
    if len(value) == 13 and digits == 13:
        return TaxId(value, "TH", is_thai_tax_id(value))
    if _VAT.fullmatch(value):
        return TaxId(value, "VAT", proven=True)
    return TaxId(value, "OTHER", proven=False)


def thai_check_digit(first_twelve: str) -> str:
    """Compute the last digit of a Thai 13-digit number (weights 13 down to 2, modulo 11)."""
    total = sum(int(d) * (13 - i) for i, d in enumerate(first_twelve))
    return str((11 - total % 11) % 10)


def is_thai_tax_id(value: str) -> bool:
    """Check form and check digit of 13 ASCII digits.

    A pass is no proof: an error in the third digit always passes, as its weight is 11.
    """
    if not re.fullmatch(r"[0-9]{13}", value) or len(set(value)) == 1:
        return False
    return thai_check_digit(value[:12]) == value[12]


@dataclass(frozen=True, slots=True)
class Postcode:
    """Five digits that stand where a postcode does.

    Attributes:
        value: The digits.
        is_thai: A Thai province has such codes.
    """

    value: str
    is_thai: bool


def parse_postcode(address: str) -> Postcode | None:
    """Read the last run of exactly five digits in an address; None when there is none.

    Thai codes begin with the number of a province, 10 to 96.
    """
    runs = re.findall(r"(?<![\d/-])\d{5}(?![\d/-])", arabic_digits(address[:400]))
    if not runs:
        return None
    code = runs[-1]
    province = int(code[:2])
    return Postcode(code, 10 <= province <= 96 and province not in _NO_PROVINCE)


def is_iban(text: str) -> bool:
    """Check an international bank account number: length for its country and check digits."""
    return len(text) <= 60 and bool(iban.is_valid(text))


def is_vat_number(value: str) -> bool:
    """Check the digits of a VAT number of a country of the European Union, country code first."""
    return len(value) <= 20 and bool(vat.is_valid(value))


def parse_branch(text: str) -> str | None:
    """Read a Thai branch: the head office as 00000, branch 1 as 00001; None for anything else."""
    if len(text) > 60:
        return None
    folded = fold(text)
    if "สำนักงานใหญ่" in folded or "สนญ" in folded or re.search(r"\bhead ?office\b", folded):
        return HEAD_OFFICE
    found = re.search(r"(?:สาขา(?:ที่|ที)?|\bbranch(?: no)?)[\s.:#]*(\d{1,5})(?!\d)", folded)
    return found[1].zfill(5) if found else None


def _forms(group: str) -> tuple[str, ...]:
    text = resources.files("paperwork.values").joinpath("legal_forms.toml").read_text("utf-8")
    listed: str = tomllib.loads(text)[group]
    forms = {fold(form) for form in listed.replace("\n", "|").split("|")}
    return tuple(sorted(forms - {""}, key=len, reverse=True))


_AFTER, _BEFORE, _TRADE = _forms("after"), _forms("before"), _forms("trade")
# Two letters are a legal form behind a name, but too often something else to mark one.
_MARKING = [form for form in _AFTER if len(form) > 2 or form in ("ag", "kg", "bv")]
_FORM_SEEN = re.compile(
    rf"(?<![\w])(?:{'|'.join(map(re.escape, _MARKING))})(?![\w])|จำกัด"
    rf"|^(?:{'|'.join(map(re.escape, _BEFORE))})"
)

_TRADE_SEEN = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, _TRADE))})(?!\w)")


def bare_company_name(name: str) -> str:
    """Give a company's name without legal forms, accents, case, spaces and punctuation.

    Two spellings of one firm come out equal where only the legal form differs; when nothing but
    a legal form was written, the squashed name itself is given.
    """
    words = _undotted(name)
    changed = True
    while changed and words:
        changed = False
        for form in _AFTER:
            if words.endswith(form) and _edge(words, form, len(words) - len(form) - 1):
                words, changed = words[: -len(form)].rstrip(" &-/("), True
        for form in _BEFORE:
            if words.startswith(form):
                words, changed = words[len(form) :].lstrip(" -/)"), True
    return squash(words) or squash(name[:400])


def _edge(words: str, form: str, before: int) -> bool:
    """A Latin form must be a word of its own; Thai writes no spaces."""
    return before < 0 or not form[0].isascii() or not words[before].isalnum()


def has_legal_form(name: str) -> bool:
    """Tell whether a text carries a legal form, which marks it as a firm's name."""
    return _FORM_SEEN.search(_undotted(name)) is not None


def has_trade_word(name: str) -> bool:
    """Tell whether a text carries a word such as "trading" or "restaurant"."""
    return _TRADE_SEEN.search(_undotted(name)) is not None


def _undotted(name: str) -> str:
    return " ".join(fold(name[:400]).replace(".", "").replace(",", " ").split())
