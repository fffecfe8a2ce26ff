"""How values that have no column type of their own are written as JSON, and read back."""

from collections.abc import Iterable, Mapping
from typing import Any

from document_service.domain.errors import Failure
from hubkit.core.errors import Kind

Row = Any
"""A row as the driver gives it; what its columns hold is known by the table alone."""


def storable(text: str) -> str:
    """Give a text without NUL, which PostgreSQL has no form for."""
    return text.replace("\0", "")


def words_to_json(words: Iterable[str]) -> list[str]:
    """Write machine-readable words."""
    return [storable(word) for word in words]


def failure_to_json(failure: Failure | None) -> dict[str, object] | None:
    """Write why something failed."""
    if failure is None:
        return None
    return {
        "kind": failure.kind.value,
        "reason": failure.reason,
        "message": storable(failure.message),
        "facts": {key: storable(value) for key, value in failure.facts.items()},
    }


def failure_from_json(stored: Mapping[str, Any] | None) -> Failure | None:
    """Read why something failed."""
    if stored is None:
        return None
    return Failure(Kind(stored["kind"]), stored["reason"], stored["message"], stored["facts"])
