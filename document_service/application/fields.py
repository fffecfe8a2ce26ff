"""List the typed fields of a document."""

from dataclasses import dataclass

from document_service.domain.field import StoredField
from document_service.ports import Store
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id


@dataclass(frozen=True, slots=True)
class ListFields:
    """Gives the fields of the reading that is shown.

    Attributes:
        store: The service's memory.
    """

    store: Store

    async def __call__(self, document_id: str) -> tuple[StoredField, ...]:
        """Give fields of the whole document first, then those of each line, in order."""
        document_id = check_id(document_id, "document_id")
        async with self.store.transaction(current_caller().tenant_id) as work:
            document = await work.documents.get(document_id)
            return await work.fields.list(document_id, document.run_id)
