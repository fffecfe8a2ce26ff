"""The vocabulary of fields, read from `fields.toml`: keys, types and labels."""

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from importlib import resources

from paperwork.readings import Value


class FieldType(Enum):
    """What a field's value is; it fixes the Python type of `FieldReading.value`."""

    TEXT = "TEXT"
    MONEY = "MONEY"
    NUMBER = "NUMBER"
    DATE = "DATE"
    TAX_ID = "TAX_ID"
    CODE = "CODE"

    @property
    def value_type(self) -> type[Value]:
        """The Python type of such values."""
        if self in (FieldType.MONEY, FieldType.NUMBER):
            return Decimal
        return date if self is FieldType.DATE else str


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the vocabulary.

    Attributes:
        key: The name used in code, JSON and the contract.
        type: What its value is.
        label_en: What people see in English.
        label_th: What people see in Thai.
    """

    key: str
    type: FieldType
    label_en: str
    label_th: str


def _read(group: str) -> dict[str, Field]:
    text = resources.files("paperwork").joinpath("fields.toml").read_text("utf-8")
    rows: dict[str, dict[str, str]] = tomllib.loads(text)[group]
    return {
        key: Field(key, FieldType(row["type"]), row["en"], row["th"]) for key, row in rows.items()
    }


HEADER_FIELDS: dict[str, Field] = _read("header")
"""Fields that stand once in a document, by key, in display order."""

LINE_FIELDS: dict[str, Field] = _read("line")
"""Fields of a line item, by key, in display order."""
