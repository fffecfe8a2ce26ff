"""What people said of fields, every word kept, the last one counting."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.correction import Correction
from document_service.store.fields import (
    regions_from_json,
    regions_to_json,
    value_columns,
    value_of,
)
from document_service.store.forms import Row, storable
from document_service.store.tables import correction
from hubkit.core.ids import new_id

_NOTHING = {"value_text": None, "value_number": None, "value_date": None, "canonical": None}


class CorrectionStore:
    """Keeps corrections within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self,
        document_id: str,
        corrections: Sequence[Correction],
        editor_id: str | None,
        now: datetime,
    ) -> None:
        """Keep what somebody said of a document's fields."""
        rows = [
            {
                "id": new_id(),
                "document_id": document_id,
                "key": one.key,
                "position": one.position,
                "revision": one.revision,
                **(_NOTHING if one.value is None else value_columns(one.value)),
                "before": None if one.before is None else storable(one.before),
                "raw_text": storable(one.raw_text),
                "regions": regions_to_json(one.regions),
                "editor_id": editor_id,
                "create_time": now,
            }
            for one in corrections
        ]
        await self._connection.execute(insert(correction), rows)

    async def latest(self, document_id: str) -> tuple[Correction, ...]:
        """Give the last word on each field that anybody corrected."""
        place = (func.coalesce(correction.c.position, 0), correction.c.key)
        rows = await self._connection.execute(
            select(correction)
            .where(correction.c.document_id == document_id)
            .ext(distinct_on(*place))
            .order_by(*place, correction.c.revision.desc())
        )
        return tuple(_correction(row) for row in rows)


def _correction(row: Row) -> Correction:
    return Correction(
        position=row.position,
        key=row.key,
        revision=row.revision,
        value=None if row.canonical is None else value_of(row),
        before=row.before,
        raw_text=row.raw_text,
        regions=regions_from_json(row.regions),
    )
