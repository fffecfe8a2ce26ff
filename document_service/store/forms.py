"""How values that have no column type of their own are written as JSON, and read back."""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, ColumnElement, literal, tuple_

from document_service.domain.errors import Failure
from document_service.ports import After
from hubkit.core.errors import Kind

Row = Any
"""A row as the driver gives it; what its columns hold is known by the table alone."""


def is_after(place: After, create_time: Column[Any], row_id: Column[Any]) -> ColumnElement[bool]:
    """Tell which rows follow a place in a list, newest first."""
    # As one comparison of rows, which one index answers; the types are not guessed from strings.
    here = tuple_(literal(place.create_time, create_time.type), literal(place.id, row_id.type))
    return tuple_(create_time, row_id) < here


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
