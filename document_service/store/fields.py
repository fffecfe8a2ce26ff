"""Fields as one reading found them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.field import FieldValue, Region, StoredField
from document_service.store.forms import Row, storable
from document_service.store.tables import field
from paperwork.readings import FieldSource, Value, canonical


class FieldStore:
    """Keeps fields within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def replace(self, document_id: str, run_id: str, fields: Sequence[StoredField]) -> None:
        """Keep the fields of a run in place of what it had."""
        await self._connection.execute(
            delete(field).where(field.c.document_id == document_id, field.c.run_id == run_id)
        )
        if not fields:
            return
        rows = [
            {
                "id": one.id,
                "document_id": document_id,
                "run_id": run_id,
                "key": one.value.key,
                "position": one.position,
                "place": one.place[1],
                **value_columns(one.value.value),
                "raw_text": storable(one.value.raw_text),
                "confidence": one.value.confidence,
                "source": one.value.source.value,
                "regions": regions_to_json(one.value.regions),
                "revision": one.revision,
            }
            for one in fields
        ]
        await self._connection.execute(insert(field), rows)

    async def list(self, document_id: str, run_id: str) -> tuple[StoredField, ...]:
        """Give the fields of a run, sorted by place."""
        rows = await self._connection.execute(
            select(field)
            .where(field.c.document_id == document_id, field.c.run_id == run_id)
            .order_by(field.c.position.nulls_first(), field.c.place, field.c.key)
        )
        return tuple(_field(row) for row in rows)


def value_columns(value: Value) -> dict[str, object]:
    """Write a value into the column of its type."""
    return {
        "value_text": storable(value) if isinstance(value, str) else None,
        "value_number": value if isinstance(value, Decimal) else None,
        "value_date": value if isinstance(value, date) else None,
        "canonical": storable(canonical(value)),
    }


def value_of(row: Row) -> Value:
    """Read a value from the column of its type."""
    if row.value_date is not None:
        found: date = row.value_date
        return found
    if row.value_number is not None:
        # The column keeps the figure; its written form, with the zeros behind it, is canonical.
        return Decimal(row.canonical)
    return str(row.value_text)


def _field(row: Row) -> StoredField:
    return StoredField(
        id=row.id,
        position=row.position,
        value=FieldValue(
            key=row.key,
            value=value_of(row),
            raw_text=row.raw_text,
            confidence=row.confidence,
            source=FieldSource(row.source),
            regions=regions_from_json(row.regions),
        ),
        revision=row.revision,
    )


def regions_to_json(regions: Iterable[Region]) -> list[dict[str, object]]:
    """Write places on pages."""
    return [{"page": region.page_number, "polygon": region.polygon} for region in regions]


def regions_from_json(stored: Iterable[Mapping[str, Any]]) -> tuple[Region, ...]:
    """Read places on pages."""
    return tuple(
        Region(region["page"], tuple((x, y) for x, y in region["polygon"])) for region in stored
    )
