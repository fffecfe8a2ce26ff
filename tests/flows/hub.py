"""A whole hub as `dochub up` starts it, and a person who uses it over native gRPC."""

import asyncio
import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import google_crc32c
import grpc
import psutil

from dochub.document.v1 import (
    document_pb2,
    document_service_pb2,
    document_service_pb2_grpc,
    field_service_pb2,
    field_service_pb2_grpc,
    page_service_pb2,
    page_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from dochub.identity.v1 import auth_service_pb2, auth_service_pb2_grpc
from hubkit.core.ids import new_id
from hubkit.sql.embedded import OWNER, EmbeddedPostgres
from identity_service.offline import create_admin

ROOT: Final = Path(__file__).resolve().parents[2]
DOCHUB: Final = (sys.executable, "-c", "from hubctl.main import main; main()")
SAMPLES: Final = ROOT / "samples"
PASSWORD: Final = "a long enough password"
WITHIN_S: Final = 240
ENDED: Final = (document_pb2.DOCUMENT_STATE_NEEDS_REVIEW, document_pb2.DOCUMENT_STATE_FAILED)


@dataclass(frozen=True)
class Hub:
    """A hub at work.

    Attributes:
        data_dir: Where it keeps everything.
        process: `dochub up`.
    """

    data_dir: Path
    process: "asyncio.subprocess.Process"

    @property
    def state(self) -> dict[str, Any]:
        state: dict[str, Any] = json.loads((self.data_dir / "run" / "mesh.json").read_text())
        return state

    @property
    def authority(self) -> str:
        return str(self.state["url"]).removeprefix("https://")

    def pid(self, name: str) -> int:
        return int(self.state["processes"][name]["pid"])

    def reader_workers(self) -> list[int]:
        """The processes in which pages are read."""
        return [child.pid for child in psutil.Process(self.pid("ocr")).children()]

    async def enrol(self, tenant: str) -> str:
        """Make an administrator of a tenant; gives the e-mail address."""
        email = f"admin@{tenant}.example"
        owner_dsn = EmbeddedPostgres(self.data_dir).dsn(OWNER)
        await create_admin(owner_dsn, email, tenant_slug=tenant, password=PASSWORD)
        return email

    def channel(self) -> grpc.aio.Channel:
        authority = Path(self.state["ca_file"]).read_bytes()
        return grpc.aio.secure_channel(self.authority, grpc.ssl_channel_credentials(authority))


@asynccontextmanager
async def running_hub(
    data_dir: Path, environment: Mapping[str, str] | None = None
) -> AsyncIterator[Hub]:
    """Run a hub for the length of the block."""
    process = await asyncio.create_subprocess_exec(
        *(*DOCHUB, "up", "--data-dir", str(data_dir), "--port", "0"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **(environment or {})},
    )
    hub = Hub(data_dir, process)
    try:
        await until(lambda: process.returncode is not None or _is_ready(hub))
        assert process.returncode is None
        yield hub
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), WITHIN_S)


def _is_ready(hub: Hub) -> bool:
    try:
        return bool(hub.state["ready"])
    except FileNotFoundError:
        return False


async def until(condition: Any, pause_s: float = 0.1) -> None:
    """Look again and again: processes that die tell nobody."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            found = condition()
            if found is True or (not isinstance(found, bool) and await found):
                return
            await asyncio.sleep(pause_s)


class Member:
    """A person signed in over native gRPC; waits out what a restart of the hub breaks."""

    def __init__(self, hub: Hub, channel: grpc.aio.Channel) -> None:
        self.hub = hub
        self.token = ""
        self._auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        self.uploads = upload_service_pb2_grpc.UploadServiceStub(channel)
        self.documents = document_service_pb2_grpc.DocumentServiceStub(channel)
        self.pages = page_service_pb2_grpc.PageServiceStub(channel)
        self.fields = field_service_pb2_grpc.FieldServiceStub(channel)

    async def sign_in(self, email: str) -> None:
        request = auth_service_pb2.LoginRequest(email=email, password=PASSWORD)
        self.token = (await self._auth.Login(request)).access_token

    async def call(self, method: Any, request: Any) -> Any:
        """Call, and again while the hub answers that it is not there."""
        async with asyncio.timeout(WITHIN_S):
            while True:
                try:
                    return await self.once(method, request)
                except grpc.aio.AioRpcError as error:
                    if error.code() not in {
                        grpc.StatusCode.UNAVAILABLE,
                        grpc.StatusCode.RESOURCE_EXHAUSTED,
                        grpc.StatusCode.DEADLINE_EXCEEDED,
                    }:
                        raise
                    await asyncio.sleep(0.2)

    async def once(self, method: Any, request: Any) -> Any:
        metadata = (("authorization", f"Bearer {self.token}"),)
        return await method(request, metadata=metadata, timeout=30)

    async def start_upload(
        self, content: bytes, name: str = "file", part_size: int = 0, sha256: str = ""
    ) -> upload_service_pb2.Upload:
        request = upload_service_pb2.StartUploadRequest(
            request_id=new_id(),
            filename=name,
            size_bytes=len(content),
            sha256=sha256 or hashlib.sha256(content).hexdigest(),
            part_size_bytes=part_size,
        )
        upload: upload_service_pb2.Upload = (
            await self.call(self.uploads.StartUpload, request)
        ).upload
        return upload

    async def send_part(self, upload: upload_service_pb2.Upload, content: bytes, index: int) -> int:
        size = upload.part_size_bytes
        data = content[index * size : (index + 1) * size]
        part = upload_service_pb2.UploadPartRequest(
            upload_id=upload.id, index=index, data=data, crc32c=google_crc32c.value(data)
        )
        await self.call(self.uploads.UploadPart, part)
        return len(data)

    async def upload(self, content: bytes, name: str = "file") -> document_pb2.Document:
        """Send a file whole and have it read."""
        upload = await self.start_upload(content, name)
        for index in range(upload.part_count):
            await self.send_part(upload, content, index)
        document: document_pb2.Document = (await self.complete(upload)).document
        return document

    async def complete(self, upload: upload_service_pb2.Upload) -> Any:
        request = upload_service_pb2.CompleteUploadRequest(upload_id=upload.id)
        return await self.call(self.uploads.CompleteUpload, request)

    async def document(self, document_id: str) -> document_pb2.Document:
        request = document_service_pb2.GetDocumentRequest(id=document_id)
        document: document_pb2.Document = (
            await self.call(self.documents.GetDocument, request)
        ).document
        return document

    async def finished(self, document_id: str) -> document_pb2.Document:
        """Wait until a document has been read."""

        async def is_done() -> bool:
            return (await self.document(document_id)).state in ENDED

        await until(is_done)
        return await self.document(document_id)

    async def page_numbers(self, document_id: str) -> list[int]:
        request = page_service_pb2.ListPagesRequest(document_id=document_id, page_size=200)
        answer = await self.call(self.pages.ListPages, request)
        return [page.page_number for page in answer.pages]

    async def read_fields(self, document_id: str) -> dict[str, str]:
        request = field_service_pb2.ListFieldsRequest(document_id=document_id)
        answer = await self.call(self.fields.ListFields, request)
        return {field.key: field.value.canonical for field in answer.fields}


@asynccontextmanager
async def member_of(hub: Hub, tenant: str) -> AsyncIterator[Member]:
    """Enrol somebody in a new tenant and sign them in."""
    email = await hub.enrol(tenant)
    async with hub.channel() as channel:
        member = Member(hub, channel)
        await member.sign_in(email)
        yield member


def distinct(name: str, number: int) -> bytes:
    """A sample with a few bytes after its end, so that its content is nobody else's."""
    return (SAMPLES / name).read_bytes() + b"\n%% %d\n" % number
