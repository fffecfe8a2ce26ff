"""Follow every change of the tenant's documents, from where the caller left off."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

from document_service.ports import Change, Changes, Store
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from hubkit.core.paging import BadPageToken, PageTokens


@dataclass(frozen=True, slots=True)
class WatchDocuments:
    """Streams changes, each with the cursor to resume after it.

    Attributes:
        store: The service's memory.
        changes: The tenant's events.
        tokens: Seals cursors, so that nobody can make one up.
    """

    store: Store
    changes: Changes
    tokens: PageTokens

    async def __call__(
        self, cursor: str, document_id: str
    ) -> AsyncGenerator[tuple[str, Change], None]:
        """Give changes after a cursor, or from now on, with a heartbeat every 15 seconds."""
        tenant_id = current_caller().tenant_id
        bound_to = f"WatchDocuments {tenant_id}".encode()
        after = self._opened(cursor, bound_to)
        only = check_id(document_id, "document_id") if document_id else None
        if only is not None:
            async with self.store.transaction(tenant_id) as work:
                await work.documents.get(only)
        async with aclosing(self.changes.follow(tenant_id, after)) as changes:
            async for change in changes:
                if only is None or change.document_id in (None, only):
                    yield self.tokens.seal((str(change.seq),), bound_to), change

    def _opened(self, cursor: str, bound_to: bytes) -> int | None:
        if not cursor:
            return None
        try:
            return int(self.tokens.open(cursor, bound_to)[0])
        except BadPageToken:
            raise BadPageToken(
                "the cursor is not one of this stream; begin without one", field="cursor"
            ) from None
