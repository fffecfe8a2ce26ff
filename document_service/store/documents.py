"""Documents and their readings."""

from sqlalchemy import Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.document import Classification, Document, DocumentState, FileInfo
from document_service.domain.run import ReadingOptions, Run
from document_service.ports import After, DocumentFilter
from document_service.store.forms import (
    Row,
    failure_from_json,
    failure_to_json,
    is_after,
    words_to_json,
)
from document_service.store.tables import document, run
from hubkit.core.errors import NotFound


class DocumentStore:
    """Keeps documents within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Document) -> None:
        """Keep a new document."""
        await self._connection.execute(
            insert(document).values(
                id=new.id,
                filename=new.file.filename,
                media_type=new.file.media_type,
                size_bytes=new.file.size_bytes,
                sha256=new.file.sha256,
                file_warnings=words_to_json(new.file.warnings),
                page_count=new.page_count,
                create_time=new.create_time,
                creator_id=new.creator_id,
                **_changing(new),
            )
        )

    async def get(self, document_id: str) -> Document:
        """Give one."""
        return await self._one(select(document).where(document.c.id == document_id))

    async def lock(self, document_id: str) -> Document:
        """Give one, locked."""
        query = select(document).where(document.c.id == document_id)
        return await self._one(query.with_for_update())

    async def save(self, changed: Document) -> None:
        """Keep a changed document."""
        await self._connection.execute(
            update(document).where(document.c.id == changed.id).values(**_changing(changed))
        )

    async def delete(self, document_id: str) -> None:
        """Forget one; its runs, pages and fields go with it."""
        await self._connection.execute(delete(document).where(document.c.id == document_id))

    async def list(
        self, wanted: DocumentFilter, after: After | None, limit: int
    ) -> tuple[Document, ...]:
        """Give documents, newest first."""
        query = select(document).limit(limit)
        query = query.order_by(document.c.create_time.desc(), document.c.id.desc())
        if wanted.states:
            query = query.where(document.c.state.in_([state.value for state in wanted.states]))
        if wanted.document_types:
            query = query.where(document.c.document_type.in_(wanted.document_types))
        if wanted.created_from is not None:
            query = query.where(document.c.create_time >= wanted.created_from)
        if wanted.created_before is not None:
            query = query.where(document.c.create_time < wanted.created_before)
        if after is not None:
            query = query.where(is_after(after, document.c.create_time, document.c.id))
        return tuple(_document(row) for row in await self._connection.execute(query))

    async def _one(self, query: Select[tuple[object, ...]]) -> Document:
        row = (await self._connection.execute(query)).first()
        if row is None:
            raise NotFound("there is no such document")
        return _document(row)


class RunStore:
    """Keeps readings within one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add(self, new: Run) -> None:
        """Keep a new run."""
        await self._connection.execute(
            insert(run).values(
                id=new.id,
                document_id=new.document_id,
                languages=list(new.options.languages),
                force_ocr=new.options.force_ocr,
                create_time=new.create_time,
            )
        )

    async def options(self, run_id: str) -> ReadingOptions:
        """Give how a run is to be read."""
        query = select(run.c.languages, run.c.force_ocr).where(run.c.id == run_id)
        row = (await self._connection.execute(query)).one()
        return ReadingOptions(tuple(row.languages), row.force_ocr)

    async def delete_others(self, document_id: str, run_id: str) -> None:
        """Forget a document's runs, with their pages and fields, but for one."""
        await self._connection.execute(
            delete(run).where(run.c.document_id == document_id, run.c.id != run_id)
        )


def _changing(value: Document) -> dict[str, object]:
    return {
        "revision": value.revision,
        "state": value.state.value,
        "document_type": value.classification.document_type,
        "functions": list(value.classification.functions),
        "type_confidence": value.classification.confidence,
        "pages_done": value.pages_done,
        "warnings": words_to_json(value.warnings),
        "error": failure_to_json(value.error),
        "current_run_id": value.run_id,
        "run_is_whole": value.run_is_whole,
        "update_time": value.update_time,
    }


def _document(row: Row) -> Document:
    return Document(
        id=row.id,
        revision=row.revision,
        state=DocumentState(row.state),
        file=FileInfo(
            filename=row.filename,
            media_type=row.media_type,
            size_bytes=row.size_bytes,
            sha256=row.sha256,
            warnings=tuple(row.file_warnings),
        ),
        classification=Classification(row.document_type, tuple(row.functions), row.type_confidence),
        page_count=row.page_count,
        pages_done=row.pages_done,
        warnings=tuple(row.warnings),
        error=failure_from_json(row.error),
        run_id=row.current_run_id,
        run_is_whole=row.run_is_whole,
        create_time=row.create_time,
        update_time=row.update_time,
        creator_id=row.creator_id,
    )
