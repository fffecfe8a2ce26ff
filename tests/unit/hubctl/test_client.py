"""The client keeps its session, and takes an upload or a download up where it broke."""

# ruff: noqa: ARG002, N802 - the contract gives the methods their names and arguments
from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import google_crc32c
import grpc
import pytest

from dochub.document.v1 import (
    document_job_service_pb2,
    document_job_service_pb2_grpc,
    document_pb2,
    document_service_pb2,
    document_service_pb2_grpc,
    page_service_pb2,
    page_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from dochub.identity.v1 import auth_service_pb2, auth_service_pb2_grpc
from dochub.type.v1 import job_pb2
from hubctl.client import hub as hub_module
from hubctl.client.hub import Hub
from hubctl.client.session import Session
from hubctl.client.store import SessionStore, StoredSession
from hubctl.client.target import Target, find_target
from hubkit.core.errors import InvalidArgument, PreconditionFailed, Unauthenticated

if TYPE_CHECKING:  # generic for the checker only
    Context = grpc.aio.ServicerContext[Any, Any]

CONTENT = bytes(range(256)) * 40  # 10 parts of 1 KiB
PART = 1024
STORED = StoredSession("https://hub", "a@b", "demo", "refresh-0", "access-0", 0.0)


class Server:
    """Answers like the hub; fails on demand."""

    def __init__(self) -> None:
        self.parts: dict[int, bytes] = {}
        self.received: list[int] = []
        self.request_ids: set[str] = set()
        self.fail_part: int | None = None
        self.cut_streams = 0
        self.refreshes: list[str] = []
        self.tokens: list[str] = []

    async def StartUpload(
        self, request: upload_service_pb2.StartUploadRequest, context: Context
    ) -> upload_service_pb2.StartUploadResponse:
        self.request_ids.add(request.request_id)
        upload = upload_service_pb2.Upload(
            id="u",
            size_bytes=request.size_bytes,
            part_size_bytes=PART,
            part_count=-(-request.size_bytes // PART),
            received_parts=sorted(self.parts),
        )
        return upload_service_pb2.StartUploadResponse(upload=upload)

    async def UploadPart(
        self, request: upload_service_pb2.UploadPartRequest, context: Context
    ) -> upload_service_pb2.UploadPartResponse:
        self.received.append(request.index)
        assert request.crc32c == google_crc32c.value(request.data)
        if request.index == self.fail_part:
            self.fail_part = None
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
        self.parts[request.index] = request.data
        return upload_service_pb2.UploadPartResponse()

    async def CompleteUpload(
        self, request: upload_service_pb2.CompleteUploadRequest, context: Context
    ) -> upload_service_pb2.CompleteUploadResponse:
        return upload_service_pb2.CompleteUploadResponse(
            document=document_pb2.Document(id="d"), job=job_pb2.Job(id="j")
        )

    async def WatchJob(
        self, request: document_job_service_pb2.WatchJobRequest, context: Context
    ) -> AsyncIterator[document_job_service_pb2.WatchJobResponse]:
        running = job_pb2.Job(id="j", state=job_pb2.JOB_STATE_RUNNING)
        yield document_job_service_pb2.WatchJobResponse(job=running)
        if self.cut_streams:
            self.cut_streams -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
        ended = job_pb2.Job(id="j", state=job_pb2.JOB_STATE_SUCCEEDED)
        yield document_job_service_pb2.WatchJobResponse(job=ended)

    async def GetDocument(
        self, request: document_service_pb2.GetDocumentRequest, context: Context
    ) -> document_service_pb2.GetDocumentResponse:
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.tokens.append(metadata["authorization"])
        file = document_pb2.FileInfo(
            size_bytes=len(CONTENT), sha256=hashlib.sha256(CONTENT).hexdigest()
        )
        return document_service_pb2.GetDocumentResponse(document=document_pb2.Document(file=file))

    async def DownloadDocument(
        self, request: page_service_pb2.DownloadDocumentRequest, context: Context
    ) -> AsyncIterator[page_service_pb2.DownloadDocumentResponse]:
        for at in range(request.offset_bytes, len(CONTENT), PART):
            if at > 3 * PART and self.cut_streams:
                self.cut_streams -= 1
                await context.abort(grpc.StatusCode.UNAVAILABLE, "the connection broke")
            yield page_service_pb2.DownloadDocumentResponse(data=CONTENT[at : at + PART])

    async def RefreshToken(
        self, request: auth_service_pb2.RefreshTokenRequest, context: Context
    ) -> auth_service_pb2.RefreshTokenResponse:
        metadata = {key: str(value) for key, value in context.invocation_metadata() or ()}
        self.refreshes.append(metadata["dochub-refresh-token"])
        if self.refreshes[-1] != f"refresh-{len(self.refreshes) - 1}":
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "used before")
        number = len(self.refreshes)
        await context.send_initial_metadata((("dochub-refresh-token", f"refresh-{number}"),))
        answer = auth_service_pb2.RefreshTokenResponse(access_token=f"access-{number}")
        answer.access_token_expire_time.FromMilliseconds(int(time.time() * 1000) + 600_000)
        return answer


@pytest.fixture
async def server() -> AsyncIterator[tuple[Server, grpc.aio.Channel]]:
    answers = Server()
    served: Any = answers  # it answers what these tests call, of several services
    running = grpc.aio.server()
    auth_service_pb2_grpc.add_AuthServiceServicer_to_server(_rest(served), running)
    upload_service_pb2_grpc.add_UploadServiceServicer_to_server(_rest(served), running)
    document_service_pb2_grpc.add_DocumentServiceServicer_to_server(_rest(served), running)
    page_service_pb2_grpc.add_PageServiceServicer_to_server(_rest(served), running)
    document_job_service_pb2_grpc.add_DocumentJobServiceServicer_to_server(_rest(served), running)
    port = running.add_insecure_port("127.0.0.1:0")
    await running.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield answers, channel
    await running.stop(None)


def _rest(server: Any) -> Any:
    """Answer nothing to what no test calls."""

    class Whole:
        def __getattr__(self, name: str) -> object:
            return getattr(server, name, None)

    return Whole()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub_module, "delay_s", lambda _attempt, _random: 0.0)


def fresh(channel: grpc.aio.Channel) -> Session:
    return Session(channel, replace(STORED, access_expires=time.time() + 600))


async def test_a_broken_upload_sends_only_what_is_missing(
    server: tuple[Server, grpc.aio.Channel], tmp_path: Path
) -> None:
    answers, channel = server
    answers.fail_part = 4
    (tmp_path / "a.bin").write_bytes(CONTENT)
    steps: list[tuple[int, int]] = []
    hub = Hub(channel, fresh(channel))
    done = await hub.upload(tmp_path / "a.bin", lambda *step: steps.append(step))
    assert done.document.id == "d"
    assert b"".join(answers.parts[index] for index in sorted(answers.parts)) == CONTENT
    assert answers.received == [0, 1, 2, 3, 4, 4, 5, 6, 7, 8, 9]
    assert len(answers.request_ids) == 1
    assert steps[-1] == (len(CONTENT), len(CONTENT))


async def test_a_watch_that_breaks_is_taken_up_again(
    server: tuple[Server, grpc.aio.Channel],
) -> None:
    answers, channel = server
    answers.cut_streams = 2
    states = [job.state async for job in Hub(channel, fresh(channel)).follow("j")]
    assert states == [*[job_pb2.JOB_STATE_RUNNING] * 3, job_pb2.JOB_STATE_SUCCEEDED]


async def test_a_broken_download_goes_on_and_is_whole(
    server: tuple[Server, grpc.aio.Channel], tmp_path: Path
) -> None:
    answers, channel = server
    answers.cut_streams = 2
    await Hub(channel, fresh(channel)).download("d", tmp_path / "out", lambda *_: None)
    assert (tmp_path / "out").read_bytes() == CONTENT
    assert not (tmp_path / "out.part").exists()


async def test_a_file_that_cannot_be_read_is_named(
    server: tuple[Server, grpc.aio.Channel], tmp_path: Path
) -> None:
    _, channel = server
    with pytest.raises(InvalidArgument, match=r"missing\.pdf"):
        await Hub(channel, fresh(channel)).upload(tmp_path / "missing.pdf", lambda *_: None)


async def test_a_session_renews_itself_and_remembers(
    server: tuple[Server, grpc.aio.Channel], tmp_path: Path
) -> None:
    answers, channel = server
    store = SessionStore(tmp_path)
    store.put(STORED)
    await Hub(channel, Session(channel, STORED, store)).document("d")
    # Another command, started with what it read before the first one renewed the session.
    await Hub(channel, Session(channel, STORED, store)).document("d")
    assert answers.refreshes == ["refresh-0"]
    assert answers.tokens == ["Bearer access-1"] * 2
    assert store.last() == store.get("https://hub")
    assert stat.S_IMODE((tmp_path / "sessions.json").stat().st_mode) == 0o600


async def test_a_session_that_is_over_says_what_to_do(
    server: tuple[Server, grpc.aio.Channel],
) -> None:
    _, channel = server
    session = Session(channel, replace(STORED, refresh_token="stale"))
    with pytest.raises(Unauthenticated, match="dochub login"):
        await session.metadata()


def test_the_hub_is_the_one_named_or_the_one_signed_in_to(tmp_path: Path) -> None:
    store = SessionStore(tmp_path)
    with pytest.raises(PreconditionFailed, match="dochub up"):
        find_target(None, None, tmp_path / "none", store)
    store.put(replace(STORED, ca_path="/ca.pem"))
    assert find_target(None, None, tmp_path / "none", store).ca_file == Path("/ca.pem")
    assert find_target("https://other", None, tmp_path, store) == Target("https://other", None)


@pytest.mark.parametrize("url", ["http://hub", "hub:8443", "https://", "https://hub/path"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(InvalidArgument, match="https://host:port"):
        Target(url, None).open_channel()
