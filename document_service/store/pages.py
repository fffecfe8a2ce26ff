"""Pages as they were read, and how often each was handed out."""

from collections.abc import Mapping, Sequence, Set
from typing import Final

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.page import PageImage, PageInfo, PageReading, PageStart
from document_service.store.forms import Row, failure_from_json, failure_to_json, words_to_json
from document_service.store.tables import page, page_start
from hubkit.core.errors import NotFound

# A page without its text: a layout can be large, and lists have no use for it.
_INFO: Final = (
    page.c.number,
    page.c.width_px,
    page.c.height_px,
    page.c.text_source,
    page.c.rotation,
    page.c.skew_degrees,
    page.c.mean_confidence,
    page.c.line_count,
    page.c.warnings,
    page.c.error,
)


class PageStore:
    """Keeps pages within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(
        self, document_id: str, run_id: str, reading: PageReading, image: PageImage | None
    ) -> bool:
        """Keep a page; False when it was kept before."""
        info = reading.info
        statement = postgresql.insert(page).values(
            document_id=document_id,
            run_id=run_id,
            number=info.number,
            width_px=info.width_px,
            height_px=info.height_px,
            text_source=info.text_source,
            rotation=info.rotation,
            skew_degrees=info.skew_degrees,
            mean_confidence=info.mean_confidence,
            line_count=info.line_count,
            warnings=words_to_json(info.warnings),
            error=failure_to_json(info.error),
            layout=reading.layout,
            transform=list(reading.transform),
            image_sha256=image.sha256 if image else None,
            image_size_bytes=image.size_bytes if image else None,
            image_media_type=image.media_type if image else None,
            image_width_px=image.width_px if image else None,
            image_height_px=image.height_px if image else None,
        )
        kept = await self._connection.execute(
            statement.on_conflict_do_nothing().returning(page.c.number)
        )
        return kept.first() is not None

    async def list(
        self, document_id: str, run_id: str, after: int, limit: int
    ) -> tuple[PageInfo, ...]:
        """Give pages by number."""
        rows = await self._connection.execute(
            select(*_INFO)
            .where(_of(document_id, run_id), page.c.number > after)
            .order_by(page.c.number)
            .limit(limit)
        )
        return tuple(_info(row) for row in rows)

    async def layout(self, document_id: str, run_id: str, number: int) -> bytes:
        """Give a page's layout."""
        layouts = await self.layouts(document_id, run_id, (number,))
        if not layouts:
            raise NotFound(f"page {number} does not exist or is not read yet")
        return layouts[0]

    async def layout_sizes(self, document_id: str, run_id: str) -> Mapping[int, int]:
        """Give the bytes of each readable page's layout."""
        rows = await self._connection.execute(
            select(page.c.number, func.octet_length(page.c.layout).label("size")).where(
                _of(document_id, run_id), page.c.error.is_(None)
            )
        )
        return {row.number: row.size for row in rows}

    async def layouts(
        self, document_id: str, run_id: str, numbers: Sequence[int]
    ) -> tuple[bytes, ...]:
        """Give layouts in order of page numbers."""
        rows = await self._connection.execute(
            select(page.c.layout)
            .where(_of(document_id, run_id), page.c.number.in_(numbers))
            .order_by(page.c.number)
        )
        return tuple(rows.scalars())

    async def image(self, document_id: str, run_id: str, number: int) -> PageImage | None:
        """Give a page's stored picture."""
        query = select(
            page.c.image_sha256,
            page.c.image_size_bytes,
            page.c.image_media_type,
            page.c.image_width_px,
            page.c.image_height_px,
        ).where(_of(document_id, run_id), page.c.number == number)
        row = (await self._connection.execute(query)).first()
        if row is None:
            raise NotFound(f"page {number} does not exist or is not read yet")
        if row.image_sha256 is None:
            return None
        return PageImage(
            sha256=row.image_sha256,
            size_bytes=row.image_size_bytes,
            media_type=row.image_media_type,
            width_px=row.image_width_px,
            height_px=row.image_height_px,
        )

    async def numbers(self, document_id: str, run_id: str) -> Set[int]:
        """Give the numbers of the pages kept."""
        query = select(page.c.number).where(_of(document_id, run_id))
        return frozenset((await self._connection.execute(query)).scalars())

    async def starts(self, document_id: str, run_id: str) -> Mapping[int, PageStart]:
        """Give how often each page was handed out."""
        rows = await self._connection.execute(
            select(page_start).where(
                page_start.c.document_id == document_id, page_start.c.run_id == run_id
            )
        )
        return {row.number: PageStart(row.starts, row.failures, row.last_reason) for row in rows}

    async def count_start(self, document_id: str, run_id: str, numbers: Sequence[int]) -> None:
        """Count that pages are about to be handed out."""
        statement = postgresql.insert(page_start)
        await self._connection.execute(
            statement.on_conflict_do_update(
                index_elements=[
                    page_start.c.document_id,
                    page_start.c.run_id,
                    page_start.c.number,
                ],
                set_={"starts": page_start.c.starts + 1},
            ),
            [
                {
                    "document_id": document_id,
                    "run_id": run_id,
                    "number": number,
                    "starts": 1,
                    "failures": 0,
                    "last_reason": "",
                }
                for number in numbers
            ],
        )

    async def take_back_start(self, document_id: str, run_id: str, numbers: Sequence[int]) -> None:
        """Uncount a start that no reader began."""
        await self._connection.execute(
            update(page_start)
            .where(
                page_start.c.document_id == document_id,
                page_start.c.run_id == run_id,
                page_start.c.number.in_(numbers),
            )
            .values(starts=func.greatest(page_start.c.starts - 1, 0))
        )

    async def count_failure(self, document_id: str, run_id: str, number: int, reason: str) -> None:
        """Count that a page's reader failed."""
        await self._connection.execute(
            update(page_start)
            .where(
                page_start.c.document_id == document_id,
                page_start.c.run_id == run_id,
                page_start.c.number == number,
            )
            .values(failures=page_start.c.failures + 1, last_reason=reason)
        )


def _of(document_id: str, run_id: str) -> ColumnElement[bool]:
    return and_(page.c.document_id == document_id, page.c.run_id == run_id)


def _info(row: Row) -> PageInfo:
    return PageInfo(
        number=row.number,
        width_px=row.width_px,
        height_px=row.height_px,
        text_source=row.text_source,
        rotation=row.rotation,
        skew_degrees=row.skew_degrees,
        mean_confidence=row.mean_confidence,
        line_count=row.line_count,
        warnings=tuple(row.warnings),
        error=failure_from_json(row.error),
    )
