"""Transactions: everything the service remembers, seen by one tenant."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.ports import EventForms
from document_service.store.blob_use import BlobUseStore
from document_service.store.corrections import CorrectionStore
from document_service.store.documents import DocumentStore, RunStore
from document_service.store.fields import FieldStore
from document_service.store.jobs import JobStore, RequestStore
from document_service.store.outbox import Outbox
from document_service.store.pages import PageStore
from document_service.store.uploads import UploadStore
from hubkit.sql.database import Database


@dataclass(frozen=True, slots=True)
class PostgresWork:
    """One transaction of one tenant; `ports.Work` says what each part is."""

    uploads: UploadStore
    documents: DocumentStore
    runs: RunStore
    pages: PageStore
    fields: FieldStore
    corrections: CorrectionStore
    jobs: JobStore
    requests: RequestStore
    blobs: BlobUseStore
    outbox: Outbox

    @classmethod
    def on(cls, connection: AsyncConnection, tenant_id: str, forms: EventForms) -> Self:
        """Work on a connection that has begun a transaction of the tenant."""
        return cls(
            uploads=UploadStore(connection),
            documents=DocumentStore(connection),
            runs=RunStore(connection),
            pages=PageStore(connection),
            fields=FieldStore(connection),
            corrections=CorrectionStore(connection),
            jobs=JobStore(connection),
            requests=RequestStore(connection),
            blobs=BlobUseStore(connection, tenant_id),
            outbox=Outbox(connection, tenant_id, forms),
        )


class PostgresStore:
    """The service's memory in PostgreSQL.

    Args:
        database: Its pool.
        forms: Writes events.
    """

    def __init__(self, database: Database, forms: EventForms) -> None:
        self._database = database
        self._forms = forms

    @asynccontextmanager
    async def transaction(self, tenant_id: str) -> AsyncIterator[PostgresWork]:
        """Begin a transaction that sees one tenant; it commits when the block ends well."""
        async with self._database.transaction(tenant_id) as connection:
            yield PostgresWork.on(connection, tenant_id, self._forms)

    async def tenants(self) -> tuple[str, ...]:
        """Name the tenants that have anything here."""
        async with self._database.transaction(None) as connection:
            found = await connection.execute(text("SELECT tenant_id FROM document.tenants()"))
            return tuple(str(tenant_id) for tenant_id in found.scalars())
