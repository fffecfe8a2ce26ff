"""Drives the document service in a test: sends files and works jobs, as a person or the worker."""

import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import google_crc32c

from document_service.application.complete_upload import CompleteUpload
from document_service.application.documents import Documents
from document_service.application.fields import EditFields, ListFields
from document_service.application.jobs import Jobs
from document_service.application.pages import Pages
from document_service.application.request_reading import RequestReading
from document_service.application.send_file import SendFile
from document_service.application.sweep import Sweep
from document_service.application.watch_documents import WatchDocuments
from document_service.bootstrap import Outside, document_worker
from document_service.clients.changes import FeedChanges
from document_service.config import WorkerSettings
from document_service.convert.events import ProtoEventForms
from document_service.domain.document import Document
from document_service.domain.job import Job
from document_service.domain.upload import MIN_PART_BYTES, Announcement, Upload
from document_service.ports import PROCESS
from document_service.store.work import PostgresStore
from hubkit.blobs.filesystem import FilesystemBlobs
from hubkit.core.caller import Caller, use_caller
from hubkit.core.ids import new_id
from hubkit.core.paging import PageTokens
from hubkit.core.permissions import SERVICE_PERMISSIONS, permissions_of
from hubkit.jobs.delivery import Delivery
from hubkit.jobs.events import StoredEvent, read_events
from hubkit.jobs.feed import EventFeed
from hubkit.sql.database import Database
from hubkit.testing.postgres import FreshDatabase
from tests.integration.document.directed_reader import DirectedReader

PART = MIN_PART_BYTES


def parts_of(content: bytes) -> list[bytes]:
    return [content[at : at + PART] for at in range(0, len(content), PART)]


class Clock:
    """Tells a time that the test moves."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Desk:
    """One tenant's desk.

    Attributes:
        outside: What the use cases work with.
        database: The pool behind the store.
        feed: The live events, to be run by tests that watch.
        reader: Directed by the test.
        clock: Moved by the test.
        tenant_id: The tenant.
        person_id: Who calls.
        blob_root: Where files lie.
    """

    outside: Outside
    database: Database
    feed: EventFeed
    reader: DirectedReader
    clock: Clock
    tenant_id: str
    person_id: str
    blob_root: Path

    def __post_init__(self) -> None:
        outside = self.outside
        store, blobs, tokens = outside.store, outside.blobs, outside.tokens
        self.send_file = SendFile(store, blobs, self.clock, new_id)
        self.complete = CompleteUpload(store, blobs, self.reader, self.clock, new_id)
        self.documents = Documents(store, tokens, self.clock)
        self.jobs = Jobs(store, outside.changes, tokens, self.clock)
        self.pages = Pages(store, blobs, tokens)
        self.fields = ListFields(store, self.clock)
        self.edit = EditFields(store, self.clock, new_id)
        self.read_again = RequestReading(store, self.clock, new_id)
        self.watch = WatchDocuments(store, outside.changes, tokens)
        self.sweep = Sweep(store, blobs, self.clock, timedelta(hours=1))
        self.worker = document_worker(outside, WorkerSettings())

    @contextmanager
    def person(self, role: str = "ADMIN") -> Iterator[None]:
        """Act as a person of the tenant."""
        caller = Caller(self.tenant_id, self.person_id, new_id(), None, role, permissions_of(role))
        with use_caller(caller):
            yield

    async def start(self, content: bytes, filename: str = "bill.pdf") -> Upload:
        announced = Announcement.checked(
            filename, len(content), hashlib.sha256(content).hexdigest(), PART
        )
        return (await self.send_file.start(new_id(), announced)).upload

    async def put(self, upload: Upload, index: int, data: bytes) -> None:
        await self.send_file.put_part(upload.id, index, data, google_crc32c.value(data))

    async def fill(self, content: bytes, filename: str = "bill.pdf") -> Upload:
        """Send every part of a file."""
        upload = await self.start(content, filename)
        for index, data in enumerate(parts_of(content)):
            await self.put(upload, index, data)
        return upload

    async def send(
        self, content: bytes = b"a bill", filename: str = "bill.pdf"
    ) -> tuple[Document, Job]:
        """Bring a file in."""
        with self.person():
            return await self.complete((await self.fill(content, filename)).id)

    async def work(self, job: Job) -> None:
        """Do a job once, as the queue would."""
        with use_caller(self._service()):
            await self.worker.process(self._delivery(job))

    async def bury(self, job: Job, error: Exception) -> None:
        """Give a job up, as the queue would."""
        with use_caller(self._service()):
            await self.worker.on_dead(self._delivery(job), error)

    def _delivery(self, job: Job) -> Delivery:
        return Delivery(new_id(), PROCESS, self.tenant_id, 1, job.id.encode(), 1)

    def _service(self) -> Caller:
        return Caller(self.tenant_id, None, None, "document", None, SERVICE_PERMISSIONS)

    async def document(self, document_id: str) -> Document:
        with self.person():
            return await self.documents.get(document_id)

    async def job(self, job_id: str) -> Job:
        with self.person():
            return await self.jobs.get(job_id)

    async def events(self, *types: str) -> list[StoredEvent]:
        async with self.database.transaction(self.tenant_id) as connection:
            return await read_events(connection, 0, types, 1000)

    async def count(self, table: str) -> int:
        async with self.database.transaction(self.tenant_id) as connection:
            found = await connection.exec_driver_sql(f"SELECT count(*) FROM document.{table}")  # noqa: S608 - a test's own name
            return int(found.scalar_one())

    async def queued(self) -> int:
        """Jobs of the tenant in the queue, whose table knows tenants by its envelopes alone."""
        async with self.database.transaction(self.tenant_id) as connection:
            found = await connection.exec_driver_sql(
                "SELECT count(*) FROM document.pgqueuer"
                " WHERE substring(payload FROM 17 FOR 16) = uuid_send($1::uuid)",
                (self.tenant_id,),
            )
            return int(found.scalar_one())

    def files(self) -> list[Path]:
        """Files of the tenant in the blob store, parts included."""
        return [path for path in (self.blob_root / self.tenant_id).rglob("*") if path.is_file()]


@asynccontextmanager
async def open_desk(fresh: FreshDatabase, blob_root: Path) -> AsyncIterator[Desk]:
    """Open a desk for a tenant of its own."""
    async with Database.open(fresh.settings("dochub_document")) as database:
        feed = EventFeed(database)
        reader, clock = DirectedReader(), Clock()
        outside = Outside(
            store=PostgresStore(database, ProtoEventForms()),
            blobs=FilesystemBlobs(blob_root),
            reader=reader,
            changes=FeedChanges(database, feed),
            tokens=PageTokens(b"0123456789abcdef"),
            clock=clock,
            new_id=new_id,
        )
        yield Desk(outside, database, feed, reader, clock, new_id(), new_id(), blob_root)
