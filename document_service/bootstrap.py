"""Wires the document service: ports to adapters, use cases to the wire."""

import hashlib
import secrets
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dochub.document.v1 import (
    document_job_service_pb2,
    document_job_service_pb2_grpc,
    document_service_pb2,
    document_service_pb2_grpc,
    field_service_pb2,
    field_service_pb2_grpc,
    page_service_pb2,
    page_service_pb2_grpc,
    processing_service_pb2,
    processing_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from document_service.api.documents import DocumentApi
from document_service.api.fields import FieldApi
from document_service.api.jobs import JobApi
from document_service.api.pages import PageApi
from document_service.api.processing import ProcessingApi
from document_service.api.uploads import UploadApi
from document_service.application.complete_upload import CompleteUpload
from document_service.application.documents import Documents
from document_service.application.fields import EditFields, ListFields
from document_service.application.jobs import Jobs
from document_service.application.pages import Pages
from document_service.application.process_document import ProcessDocument
from document_service.application.read_pages import ReadPages
from document_service.application.request_reading import RequestReading
from document_service.application.send_file import SendFile
from document_service.application.sweep import Sweep
from document_service.application.watch_documents import WatchDocuments
from document_service.clients.changes import FeedChanges
from document_service.clients.reader import open_reader
from document_service.config import DocumentSettings, WorkerSettings
from document_service.convert.events import ProtoEventForms
from document_service.ports import PROCESS, Changes, Clock, NewId, Reader, Store
from document_service.store.work import PostgresStore
from document_service.worker import DocumentWorker
from hubkit.blobs.port import BlobStore
from hubkit.blobs.store import open_blobs
from hubkit.config import ServerSettings
from hubkit.core.ids import new_id
from hubkit.core.paging import PageTokens
from hubkit.jobs.feed import EventFeed
from hubkit.jobs.worker import Worker
from hubkit.server.app import App, Servicer
from hubkit.sql.database import Database
from hubkit.sql.migrate import check_current
from hubkit.tokens import Signer

NAME = "document"


@dataclass(frozen=True, slots=True)
class Outside:
    """What the use cases work with.

    Attributes:
        store: Memory.
        blobs: Files.
        reader: Reads pages.
        changes: Follows events.
        tokens: Seals page tokens and cursors.
        clock: Tells the time.
        new_id: Makes ids.
    """

    store: Store
    blobs: BlobStore
    reader: Reader
    changes: Changes
    tokens: PageTokens
    clock: Clock
    new_id: NewId


@asynccontextmanager
async def build(settings: DocumentSettings) -> AsyncIterator[App]:
    """Open what the service needs and wire it.

    Raises:
        PreconditionFailed: The database's schema is older than this program.
    """
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(Database.open(settings.database))
        await check_current(database)
        signer = _signer(settings.server)
        reader = await stack.enter_async_context(
            open_reader(settings.ocr_target, signer, settings.worker.reader_stall_s)
        )
        feed = EventFeed(database)
        outside = Outside(
            store=PostgresStore(database, ProtoEventForms()),
            blobs=open_blobs(settings.blobs),
            reader=reader,
            changes=FeedChanges(database, feed),
            tokens=PageTokens(_page_token_key(settings.server)),
            clock=utc_now,
            new_id=new_id,
        )
        worker = document_worker(outside, settings.worker)
        background = [feed.run, worker.keep_swept]
        if settings.worker.slots:
            queue = Worker(
                settings.database,
                NAME,
                {PROCESS: worker.process},
                on_dead=worker.on_dead,
                slots=settings.worker.slots,
                tenant_slots=settings.worker.tenant_slots,
                lease_s=settings.worker.lease_s,
            )
            background.append(queue.run)
        yield App(NAME, servicers(outside), tuple(background))


def document_worker(outside: Outside, settings: WorkerSettings) -> DocumentWorker:
    """Wire the background side."""
    read_pages = ReadPages(outside.store, outside.blobs, outside.reader, outside.clock)
    process = ProcessDocument(
        store=outside.store,
        blobs=outside.blobs,
        reader=outside.reader,
        read_pages=read_pages,
        clock=outside.clock,
        new_id=outside.new_id,
    )
    grace = timedelta(seconds=settings.blob_grace_s)
    sweep = Sweep(outside.store, outside.blobs, outside.clock, grace)
    return DocumentWorker(process, sweep, settings.sweep_interval_s)


def servicers(outside: Outside) -> tuple[Servicer, ...]:
    """Wire the wire side."""
    store, blobs, clock, tokens = outside.store, outside.blobs, outside.clock, outside.tokens
    send_file = SendFile(store, blobs, clock, outside.new_id)
    complete = CompleteUpload(store, blobs, outside.reader, clock, outside.new_id)
    return (
        Servicer(
            upload_service_pb2_grpc.add_UploadServiceServicer_to_server,
            UploadApi(send_file, complete),
            upload_service_pb2.DESCRIPTOR.services_by_name["UploadService"],
        ),
        Servicer(
            document_service_pb2_grpc.add_DocumentServiceServicer_to_server,
            DocumentApi(
                Documents(store, tokens, clock), WatchDocuments(store, outside.changes, tokens)
            ),
            document_service_pb2.DESCRIPTOR.services_by_name["DocumentService"],
        ),
        Servicer(
            page_service_pb2_grpc.add_PageServiceServicer_to_server,
            PageApi(Pages(store, blobs, tokens)),
            page_service_pb2.DESCRIPTOR.services_by_name["PageService"],
        ),
        Servicer(
            field_service_pb2_grpc.add_FieldServiceServicer_to_server,
            FieldApi(ListFields(store, clock), EditFields(store, clock, outside.new_id)),
            field_service_pb2.DESCRIPTOR.services_by_name["FieldService"],
        ),
        Servicer(
            processing_service_pb2_grpc.add_ProcessingServiceServicer_to_server,
            ProcessingApi(RequestReading(store, clock, outside.new_id)),
            processing_service_pb2.DESCRIPTOR.services_by_name["ProcessingService"],
        ),
        Servicer(
            document_job_service_pb2_grpc.add_DocumentJobServiceServicer_to_server,
            JobApi(Jobs(store, outside.changes, tokens, clock)),
            document_job_service_pb2.DESCRIPTOR.services_by_name["DocumentJobService"],
        ),
    )


def utc_now() -> datetime:
    """Tell the time."""
    return datetime.now(UTC)


def _signer(server: ServerSettings) -> Signer | None:
    if server.service_key_file is None:
        return None
    return Signer.from_file(server.service_key_file, NAME)


def _page_token_key(server: ServerSettings) -> bytes:
    """Give a key that is the same in every replica: they share the service's own key."""
    if server.service_key_file is None:
        return secrets.token_bytes(32)
    return hashlib.sha256(b"page tokens\0" + server.service_key_file.read_bytes()).digest()
