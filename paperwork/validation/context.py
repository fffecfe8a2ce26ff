"""Whose rules a document follows: what its own values tell of the country it is from."""

from collections.abc import Mapping

from paperwork.readings import Value
from paperwork.values.text import has_thai

Values = Mapping[str, Value]
"""Typed values by key, of a document or of one of its lines."""

_TELLING = ("seller_name", "seller_address", "buyer_name", "amount_in_words")


def is_thai(values: Values) -> bool:
    """Tell whether Thai rules hold: amounts in baht, or Thai letters and no other currency."""
    currency = values.get("currency")
    if currency == "THB":
        return True
    return any(isinstance(v := values.get(key), str) and has_thai(v) for key in _TELLING)


def may_be_thai(values: Values) -> bool:
    """Tell whether nothing shows that Thai rules do not hold."""
    return is_thai(values) or values.get("currency") is None
