"""Tokens that no longer count: refused in the next call, and their streams ended."""

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime

import grpc
import pytest

from dochub.document.v1 import document_job_service_pb2 as job_pb
from dochub.document.v1 import document_job_service_pb2_grpc as job_grpc
from hubkit.core.errors import Unavailable
from hubkit.core.ids import new_id
from hubkit.server import revocations as module
from hubkit.server.auth import TokenVerifier
from hubkit.server.revocations import Revocation, Revocations, Told
from hubkit.testing.failures import failure, reason
from hubkit.testing.probe import app_of, dialed, engines
from hubkit.testing.tokens import Mesh, bearer


class Identity:
    """Tells what a test says."""

    def __init__(self) -> None:
        self.revocations: list[Revocation] = []
        self.is_away = False
        self.asked: list[datetime | None] = []
        self.asked_now = asyncio.Event()

    async def __call__(self, since: datetime | None) -> Told:
        self.asked.append(since)
        self.asked_now.set()
        if self.is_away:
            raise Unavailable("away")
        return Told(tuple(self.revocations), datetime.now(UTC))


async def told_again(identity: Identity) -> None:
    """Wait until what is said now has been asked for."""
    for _ in range(2):  # the first may have been under way
        identity.asked_now.clear()
        await asyncio.wait_for(identity.asked_now.wait(), 10)


async def test_an_ended_session_and_an_older_epoch_are_refused(mesh: Mesh) -> None:
    identity = Identity()
    tenant, person, session = new_id(), new_id(), new_id()
    ended = mesh.person_token(session_id=session)
    others = mesh.person_token()
    changed = mesh.person_token(tenant_id=tenant, person_id=person)
    renewed = mesh.signer("identity").person_token(
        person_id=person, tenant_id=tenant, session_id=new_id(), role="OPERATOR", epoch=2
    )
    app = app_of(revocations=identity)
    async with dialed(app, mesh, revocation_poll_s=0.01) as channel:
        for token in (ended, others, changed, renewed):
            await engines(channel, token)
        identity.revocations = [Revocation(session), Revocation(None, tenant, person, 2)]
        await told_again(identity)
        for token in (ended, changed):
            error = await failure(engines(channel, token))
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            assert reason(error) == "TOKEN_REVOKED"
        for token in (others, renewed):
            await engines(channel, token)
        identity.revocations = []  # what was told once stays known
        await told_again(identity)
        await failure(engines(channel, ended))
        assert identity.asked[0] is None
        assert all(identity.asked[1:])


async def test_open_streams_of_the_revoked_end_and_others_go_on(mesh: Mesh) -> None:
    identity = Identity()
    going = asyncio.Event()
    session = new_id()

    async def stay() -> None:
        await going.wait()

    app = app_of(stay, revocations=identity)
    async with dialed(app, mesh, revocation_poll_s=0.01) as channel:
        stub = job_grpc.DocumentJobServiceStub(channel)
        ended = stub.WatchJob(
            job_pb.WatchJobRequest(), metadata=bearer(mesh.person_token(session_id=session))
        )
        other = stub.WatchJob(job_pb.WatchJobRequest(), metadata=bearer(mesh.person_token()))
        assert await ended.read() is not grpc.aio.EOF
        assert await other.read() is not grpc.aio.EOF
        identity.revocations = [Revocation(session)]
        error = await failure(ended.read())
        assert reason(error) == "TOKEN_REVOKED"
        going.set()
        assert await other.read() is grpc.aio.EOF


async def test_nobody_is_trusted_on_what_is_known_no_more(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = Identity()
    async with dialed(app_of(revocations=identity), mesh, revocation_poll_s=0.01) as channel:
        await engines(channel, mesh.person_token())
        identity.is_away = True
        await told_again(identity)
        await engines(channel, mesh.person_token())
        monkeypatch.setattr(module, "STALEST_S", 0.0)
        error = await failure(engines(channel, mesh.person_token()))
        assert error.code() is grpc.StatusCode.UNAVAILABLE
        await engines(channel, mesh.service_token("document", audience="ocr"))
        monkeypatch.undo()
        identity.is_away = False
        await told_again(identity)
        await engines(channel, mesh.person_token())


async def test_an_endless_stream_ends_with_its_token(
    mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    forever = asyncio.Event()

    async def stay() -> None:
        await forever.wait()

    token = mesh.person_token()
    async with dialed(app_of(stay), mesh) as channel:
        now = time.time()
        monkeypatch.setattr(time, "time", lambda: now + 628.5)
        call = job_grpc.DocumentJobServiceStub(channel).WatchJob(
            job_pb.WatchJobRequest(), metadata=bearer(token)
        )
        assert await call.read() is not grpc.aio.EOF
        error = await failure(call.read())
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED


async def test_what_no_token_can_recall_is_forgotten(
    monkeypatch: pytest.MonkeyPatch, mesh: Mesh
) -> None:
    identity = Identity()
    known = Revocations(identity)
    session = new_id()
    identity.revocations = [Revocation(session)]
    await known.ask()
    identity.revocations = []
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + module.KEPT_S + 1)
    await known.ask()

    caller = TokenVerifier(mesh.jwks_file, "ocr").verify(mesh.person_token())
    await known.demand(replace(caller, session_id=session))
