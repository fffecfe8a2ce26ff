"""Events and work, put into the transaction whose change they tell of."""

from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.domain.document import Document, DocumentChange
from document_service.domain.field import Extraction
from document_service.domain.job import Job
from document_service.ports import DOCUMENT_CHANGED, FIELDS_CHANGED, PROCESS, EventForms
from hubkit.core.ids import new_id
from hubkit.jobs.bus import Event, Work, enqueue, publish

_SCHEMA_VERSION = 1


class Outbox:
    """Publishes and enqueues within one transaction."""

    def __init__(self, connection: AsyncConnection, tenant_id: str, forms: EventForms) -> None:
        self._connection = connection
        self._tenant_id = tenant_id
        self._forms = forms

    async def changed(self, change: DocumentChange, document: Document) -> None:
        """Tell that a document appeared, moved on or went."""
        await self._publish(DOCUMENT_CHANGED, self._forms.document_changed(change, document))

    async def fields_changed(self, document: Document, extraction: Extraction) -> None:
        """Tell that a document's fields were read."""
        await self._publish(FIELDS_CHANGED, self._forms.fields_changed(document, extraction))

    async def process(self, job: Job) -> None:
        """Have a document read."""
        work = Work(
            kind=PROCESS,
            tenant_id=self._tenant_id,
            payload=job.id.encode(),
            dedupe_key=job.id,
        )
        await enqueue(self._connection, work)

    async def _publish(self, event_type: str, payload: bytes) -> None:
        event = Event(
            id=new_id(),
            tenant_id=self._tenant_id,
            type=event_type,
            schema_version=_SCHEMA_VERSION,
            payload=payload,
        )
        await publish(self._connection, event)
