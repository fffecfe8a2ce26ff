"""What a check reports: an id for programs, a sentence for people, the fields it names."""

from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters."""

    WARNING = "WARNING"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True)
class Finding:
    """One disagreement found in a document.

    Attributes:
        id: Stable name of the check, such as `amount.total`.
        severity: How much it matters.
        message_en: A sentence for people, in English.
        message_th: The same in Thai.
        fields: Keys of the fields concerned, the most suspect first.
    """

    id: str
    severity: Severity
    message_en: str
    message_th: str
    fields: tuple[str, ...]
