"""The service and the reader as processes of their own, as in production, to be killed."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import google_crc32c
import grpc

from dochub.document.v1 import (
    document_job_service_pb2,
    document_pb2,
    field_service_pb2,
    page_service_pb2,
    upload_service_pb2,
)
from dochub.type.v1 import job_pb2
from hubkit.core.ids import new_id
from hubkit.testing.postgres import FreshDatabase
from hubkit.testing.tokens import Mesh
from tests.integration.document.line import Line

SAMPLE = Path(__file__).parents[3] / "samples" / "credit-note-4-pages.pdf"
BOOT_S = 90


@dataclass
class House:
    """A reader and a document service that can be started and killed.

    Attributes:
        folder: Holds keys, files and logs.
        mesh: Whose tokens are taken.
        database: The document service's.
        reader_target: Where the reader listens.
        running: By name.
    """

    folder: Path
    mesh: Mesh
    database: FreshDatabase
    reader_target: str = ""
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, service: str, **environment: str) -> str:
        """Start a service; gives its address once it serves."""
        log = self.folder / f"{service}-{len(list(self.folder.iterdir()))}.log"
        settings = {
            "PATH": os.environ["PATH"],
            "DOCHUB_SERVER__JWKS_FILE": str(self.mesh.jwks_file),
            "DOCHUB_SERVER__SERVICE_KEY_FILE": str(self.mesh.folder / f"keys/{service}.pem"),
            "DOCHUB_SERVER__LISTEN": "127.0.0.1:0",
            "DOCHUB_BLOBS__ROOT": str(self.folder / "blobs"),
        }
        with log.open("wb") as written:
            process = subprocess.Popen(
                [sys.executable, "-m", f"{service}_service"],
                env=settings | environment,
                stderr=written,
            )
        self.running[service] = process
        end = time.monotonic() + BOOT_S
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            for line in log.read_text().splitlines():
                if line.endswith("}") and json.loads(line)["event"] == "serving":
                    return str(json.loads(line)["listen"])
            time.sleep(0.05)

    def start_reader(self, **environment: str) -> None:
        self.reader_target = self.start("ocr", DOCHUB_READER__WORKERS="1", **environment)

    def start_document(self, **environment: str) -> str:
        return self.start(
            "document",
            DOCHUB_DATABASE__DSN=self.database.dsn("dochub_document"),
            DOCHUB_OCR_TARGET=self.reader_target,
            DOCHUB_WORKER__LEASE_S="3",
            **environment,
        )

    def kill(self, service: str) -> None:
        self.running[service].kill()
        self.running.pop(service).wait(10)

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(30)


@asynccontextmanager
async def line_to(target: str, mesh: Mesh, tenant_id: str) -> AsyncIterator[Line]:
    async with grpc.aio.insecure_channel(target) as channel:
        yield Line(channel, mesh, tenant_id, new_id())


async def upload(line: Line, content: bytes) -> tuple[document_pb2.Document, job_pb2.Job]:
    start = upload_service_pb2.StartUploadRequest(
        request_id=new_id(),
        filename="sample.pdf",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    [started] = await line.call("UploadService.StartUpload", start)
    part = upload_service_pb2.UploadPartRequest(
        upload_id=started.upload.id, data=content, crc32c=google_crc32c.value(content)
    )
    await line.call("UploadService.UploadPart", part)
    complete = upload_service_pb2.CompleteUploadRequest(upload_id=started.upload.id)
    [made] = await line.call("UploadService.CompleteUpload", complete)
    return made.document, made.job


async def ended(line: Line, job_id: str) -> job_pb2.Job:
    watch = document_job_service_pb2.WatchJobRequest(id=job_id)
    last = (await line.follow("DocumentJobService.WatchJob", watch))[-1].job
    assert isinstance(last, job_pb2.Job)
    return last


async def result(line: Line, document_id: str) -> list[str]:
    """Give everything that was read, ids and times aside."""
    found = []
    for number in (1, 2, 3, 4):
        get = page_service_pb2.GetPageLayoutRequest(document_id=document_id, page_number=number)
        [layout] = await line.call("PageService.GetPageLayout", get)
        found.append(str(layout.page))
    listed = field_service_pb2.ListFieldsRequest(document_id=document_id)
    [fields] = await line.call("FieldService.ListFields", listed)
    cells = [cell for item in fields.line_items for cell in item.cells]
    return found + [f"{one.key} {one.value} {one.regions}" for one in (*fields.fields, *cells)]
