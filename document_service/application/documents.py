"""Get, list and delete documents."""

from dataclasses import dataclass
from datetime import datetime

from document_service.domain.document import Document, DocumentChange
from document_service.ports import After, Clock, DocumentFilter, Store
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from hubkit.core.paging import PageTokens, page_size


@dataclass(frozen=True, slots=True)
class Documents:
    """What can be asked of documents as a whole.

    Attributes:
        store: The service's memory.
        tokens: Seals page tokens.
        clock: Tells the time.
    """

    store: Store
    tokens: PageTokens
    clock: Clock

    async def get(self, document_id: str) -> Document:
        """Give one document."""
        document_id = check_id(document_id, "id")
        async with self.store.transaction(current_caller().tenant_id) as work:
            return await work.documents.get(document_id)

    async def list(
        self, wanted: DocumentFilter, requested: int, page_token: str
    ) -> tuple[tuple[Document, ...], str]:
        """Give a page of documents, newest first, and the token of the next page."""
        tenant_id = current_caller().tenant_id
        size = page_size(requested)
        bound_to = f"ListDocuments {tenant_id} {wanted!r}".encode()
        after = opened(self.tokens, page_token, bound_to)
        async with self.store.transaction(tenant_id) as work:
            rows = await work.documents.list(wanted, after, size + 1)
        return rows[:size], sealed(
            self.tokens,
            [After(row.create_time, row.id) for row in rows],
            size,
            bound_to,
        )

    async def delete(self, document_id: str, etag: str) -> None:
        """Delete a document with all that was read of it, and stop work on it.

        Its blobs go with the next sweep, when nothing else refers to them.

        Raises:
            Stale: An etag was given and the document has changed since.
        """
        document_id = check_id(document_id, "id")
        now = self.clock()
        async with self.store.transaction(current_caller().tenant_id) as work:
            document = await work.documents.lock(document_id)
            document.check_etag(etag)
            job = await work.jobs.lock_active(document_id)
            if job is not None:
                await work.jobs.save(job.cancelled(now))
            await work.documents.delete(document_id)
            await work.outbox.changed(DocumentChange.DELETED, document)


def opened(tokens: PageTokens, page_token: str, bound_to: bytes) -> After | None:
    """Give where a list sorted by time and id goes on; None for its first page."""
    if not page_token:
        return None
    create_time, row_id = tokens.open(page_token, bound_to)
    return After(datetime.fromisoformat(create_time), row_id)


def sealed(tokens: PageTokens, rows: list[After], size: int, bound_to: bytes) -> str:
    """Give the token of the next page; empty when these rows are the last.

    Args:
        tokens: Seals it.
        rows: Places of the rows found, one more than asked for where there are more.
        size: How many were asked for.
        bound_to: What the list is of.
    """
    if len(rows) <= size:
        return ""
    last = rows[size - 1]
    return tokens.seal((last.create_time.isoformat(), last.id), bound_to)
