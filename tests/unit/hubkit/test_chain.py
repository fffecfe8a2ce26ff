"""Every call through the real server: errors, limits, deadlines, logs, health, drain."""

import asyncio
import socket
import time
import urllib.request
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import grpc
import pytest
import structlog
from google.rpc.error_details_pb2 import (  # type: ignore[import-untyped]  # ships no types
    BadRequest,
    ErrorInfo,
    RetryInfo,
)
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection_pb2, reflection_pb2_grpc

from dochub.document.v1 import document_job_service_pb2 as job_pb
from dochub.document.v1 import document_job_service_pb2_grpc as job_grpc
from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.ocr.v1 import ocr_service_pb2_grpc as ocr_grpc
from hubkit.config import ServerSettings
from hubkit.core import errors
from hubkit.core.caller import current_caller
from hubkit.core.deadline import remaining_s
from hubkit.core.errors import HubError, Kind
from hubkit.server.app import App, Servicer, methods_of
from hubkit.server.chain import ORDER, Chain
from hubkit.server.errors import CODES
from hubkit.server.run import serving
from hubkit.testing.failures import failure, reason, status
from hubkit.testing.probe import Answer, app_of, dialed, engines, pages, serving_answer
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import Mesh, bearer


def raising(error: BaseException) -> Answer:
    async def answer() -> None:
        raise error

    return answer


def error_of_kind(kind: Kind) -> HubError:
    made: type[HubError] = type("Made", (HubError,), {"kind": kind, "reason": "SOME_REASON"})
    return made("say what to do", field="a.b", retry_after_s=1.5, limit="7")


@pytest.mark.parametrize("kind", list(Kind))
async def test_each_kind_of_error_has_its_status_and_details(kind: Kind, mesh: Mesh) -> None:
    async with serving_answer(raising(error_of_kind(kind)), mesh) as channel:
        for call in (engines, pages):
            error = await failure(call(channel, mesh.person_token()))
            assert error.code() is CODES[kind]
            assert error.details() == "say what to do"
            info, bad, retry = ErrorInfo(), BadRequest(), RetryInfo()
            for detail, message in zip(status(error).details, (info, bad, retry), strict=True):
                assert detail.Unpack(message)
            assert (info.reason, info.domain, dict(info.metadata)) == (
                "SOME_REASON", "dochub", {"limit": "7"},
            )  # fmt: skip
            assert bad.field_violations[0].field == "a.b"
            assert retry.retry_delay.ToMilliseconds() == 1500


def test_every_kind_has_a_code() -> None:
    assert set(CODES) == set(Kind)


async def test_an_error_from_a_task_group_keeps_its_meaning(mesh: Mesh) -> None:
    async def answer() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(raising(errors.NotFound("gone"))())

    async with serving_answer(answer, mesh) as channel:
        error = await failure(engines(channel, mesh.person_token()))
    assert error.code() is grpc.StatusCode.NOT_FOUND


async def test_a_bug_tells_the_caller_nothing_and_the_log_no_values(mesh: Mesh) -> None:
    with structlog.testing.capture_logs() as logs:
        async with serving_answer(raising(KeyError("text of a document")), mesh) as channel:
            for call in (engines, pages):
                error = await failure(call(channel, mesh.person_token()))
                assert error.code() is grpc.StatusCode.INTERNAL
                assert reason(error) == "INTERNAL"
                assert "text of a document" not in str(status(error))
    unexpected = [line for line in logs if line["event"] == "unexpected failure"]
    assert [line["error_type"] for line in unexpected] == ["KeyError", "KeyError"]
    assert unexpected[0]["trace_id"] in {
        line["trace_id"] for line in logs if line["event"] == "call"
    }
    assert "text of a document" not in str(logs)


async def test_an_abort_by_the_servicer_is_let_through(mesh: Mesh) -> None:
    with structlog.testing.capture_logs() as logs:
        async with dialed(app_of(), mesh) as channel:
            stub = ocr_grpc.OcrServiceStub(channel)
            call = stub.InspectDocument(
                pb.InspectDocumentRequest(), metadata=bearer(mesh.person_token())
            )
            error = await failure(call)
    assert error.code() is grpc.StatusCode.OUT_OF_RANGE
    assert [line["code"] for line in logs if line["event"] == "call"] == ["OUT_OF_RANGE"]


async def test_one_line_is_logged_for_each_call(mesh: Mesh) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    token = mesh.person_token(
        tenant_id="01890a5d-ac96-774b-bcce-b302099a8057",
        person_id="01890a5d-ac96-774b-bcce-b302099a8058",
    )
    with structlog.testing.capture_logs() as logs:
        async with dialed(app_of(), mesh) as channel:
            stub = ocr_grpc.OcrServiceStub(channel)
            context = ("traceparent", f"00-{trace}-b7ad6b7169203331-01")
            await stub.ListEngines(pb.ListEnginesRequest(), metadata=(*bearer(token), context))
            await pages(channel, token)
    first, second = [line for line in logs if line["event"] == "call"]
    assert first["method"] == "/dochub.ocr.v1.OcrService/ListEngines"
    assert first["code"] == "OK"
    assert first["duration_ms"] >= 0
    assert first["tenant_id"] == "01890a5d-ac96-774b-bcce-b302099a8057"
    assert first["person_id"] == "01890a5d-ac96-774b-bcce-b302099a8058"
    assert first["trace_id"] == trace
    assert second["method"] == "/dochub.ocr.v1.OcrService/ReadPages"
    assert second["trace_id"] not in {trace, "0" * 32}
    assert token not in str(logs)


async def test_the_caller_is_known_inside(mesh: Mesh) -> None:
    seen = []

    async def answer() -> None:
        seen.append(current_caller())

    tenant = "01890a5d-ac96-774b-bcce-b302099a8057"
    async with serving_answer(answer, mesh) as channel:
        await engines(channel, mesh.person_token("ADMIN", tenant_id=tenant))
        await pages(channel, mesh.service_token("document", audience="ocr", tenant_id=tenant))
    assert [caller.service for caller in seen] == [None, "document"]
    assert {caller.tenant_id for caller in seen} == {tenant}
    assert seen[0].role == "ADMIN"


@pytest.mark.parametrize("call", [engines, pages])
async def test_calls_over_the_limit_are_told_when_to_come_back(call: Any, mesh: Mesh) -> None:
    started, release = asyncio.Semaphore(0), asyncio.Event()

    async def answer() -> None:
        started.release()
        await release.wait()

    limits = {"max_concurrent_calls": 2, "max_concurrent_streams": 2}
    async with serving_answer(answer, mesh, **limits) as channel:
        token = mesh.person_token()
        at_work = [asyncio.create_task(call(channel, token)) for _ in range(2)]
        for _ in at_work:
            await started.acquire()
        error = await failure(call(channel, token))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert reason(error) == "BUSY"
        assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status(error).details)
        release.set()
        await asyncio.gather(*at_work)
        await call(channel, token)


@pytest.mark.parametrize("call", [engines, pages])
async def test_work_is_cancelled_at_the_deadline(call: Any, mesh: Mesh) -> None:
    cancelled_at = asyncio.get_running_loop().create_future()

    async def answer() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            cancelled_at.set_result(time.monotonic())

    async with serving_answer(answer, mesh) as channel:
        started = time.monotonic()
        error = await failure(call(channel, mesh.person_token(), timeout=1))
        assert error.code() is grpc.StatusCode.DEADLINE_EXCEEDED
        assert await asyncio.wait_for(cancelled_at, 30) - started < 3


async def test_a_call_without_a_deadline_gets_one(mesh: Mesh) -> None:
    seen = []

    async def answer() -> None:
        seen.append(remaining_s())

    async with serving_answer(answer, mesh) as channel:
        await engines(channel, mesh.person_token())
        await engines(channel, mesh.person_token(), timeout=7)
        await engines(channel, mesh.person_token(), timeout=7000)
    assert seen[0] is not None
    assert 25 < seen[0] < 31
    assert seen[1] is not None
    assert 5 < seen[1] < 8
    assert seen[2] is not None
    assert 250 < seen[2] < 301


async def test_anothers_timeout_is_a_bug_not_a_deadline(mesh: Mesh) -> None:
    async with serving_answer(raising(TimeoutError()), mesh) as channel:
        error = await failure(engines(channel, mesh.person_token()))
    assert error.code() is grpc.StatusCode.INTERNAL


async def test_a_call_that_is_given_up_is_cancelled(mesh: Mesh) -> None:
    started, ended = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    with structlog.testing.capture_logs() as logs:
        async with serving_answer(answer, mesh) as channel:
            call = asyncio.create_task(engines(channel, mesh.person_token()))
            await started.wait()
            call.cancel()
            await asyncio.wait_for(ended.wait(), 30)
    assert [line["code"] for line in logs if line["event"] == "call"] == ["CANCELLED"]


def test_the_layers_have_one_order() -> None:
    assert ORDER == ("trace", "log", "errors", "deadline", "concurrency", "auth")
    with pytest.raises(ValueError, match="layers must be"):
        Chain({}, {})


async def test_a_method_without_a_permission_stops_the_boot(mesh: Mesh) -> None:
    naked = Servicer(
        health_pb2_grpc.add_HealthServicer_to_server,
        health_pb2_grpc.HealthServicer(),
        health_pb2.DESCRIPTOR.services_by_name["Health"],
    )
    with pytest.raises(errors.PreconditionFailed, match="names no permission"):
        async with in_process_server(App("ocr", (naked,)), mesh):
            raise AssertionError


def test_methods_are_read_from_the_contract() -> None:
    methods = methods_of(app_of().servicers)
    reading = methods["/dochub.ocr.v1.OcrService/ReadPages"]
    assert (reading.permission, reading.streams, reading.endless) == ("OCR_READ", True, False)
    assert methods["/dochub.document.v1.DocumentJobService/WatchJob"].endless
    assert methods["/dochub.identity.v1.AuthService/Login"].permission == "PUBLIC"


async def test_a_taken_port_is_a_plain_sentence(mesh: Mesh) -> None:
    async with in_process_server(app_of(), mesh) as target:
        with pytest.raises(errors.PreconditionFailed, match=f"can't listen on {target}"):
            async with in_process_server(app_of(), mesh, listen=target):
                raise AssertionError


async def health_of(channel: grpc.aio.Channel, service: str = "") -> str:
    stub = health_pb2_grpc.HealthStub(channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service))
    return str(health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status))


async def test_health_follows_readiness(mesh: Mesh) -> None:
    turns: asyncio.Queue[bool] = asyncio.Queue()

    async def watch_ready() -> AsyncIterator[bool]:
        while True:
            yield await turns.get()

    async with dialed(app_of(watch_ready=watch_ready), mesh) as channel:
        stub = health_pb2_grpc.HealthStub(channel)
        watch = stub.Watch(health_pb2.HealthCheckRequest(service="dochub.ocr.v1.OcrService"))
        seen = [(await watch.read()).status]
        for ready in (True, False, True):
            turns.put_nowait(ready)
            seen.append((await watch.read()).status)
        assert seen == [2, 1, 2, 1]
        assert await health_of(channel) == "SERVING"
        error = await failure(health_of(channel, "no.such.Service"))
        assert error.code() is grpc.StatusCode.NOT_FOUND
        watch.cancel()


async def services_listed(channel: grpc.aio.Channel) -> list[str]:
    stub = reflection_pb2_grpc.ServerReflectionStub(channel)
    asked = reflection_pb2.ServerReflectionRequest(list_services="")
    answers = [a async for a in stub.ServerReflectionInfo(iter([asked]))]
    return sorted(each.name for each in answers[0].list_services_response.service)


async def test_reflection_is_off_unless_asked_for(mesh: Mesh) -> None:
    async with dialed(app_of(), mesh) as channel:
        error = await failure(services_listed(channel))
        assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    async with dialed(app_of(), mesh, reflection=True) as channel:
        listed = await services_listed(channel)
    assert "dochub.ocr.v1.OcrService" in listed
    assert "dochub.identity.v1.AuthService" in listed  # any part tells of the whole mesh
    assert "grpc.health.v1.Health" in listed


async def test_endless_streams_are_ended_when_the_server_stops(mesh: Mesh) -> None:
    async def wait() -> None:
        await asyncio.Event().wait()

    async with AsyncExitStack() as client, asyncio.timeout(20):
        async with in_process_server(app_of(wait), mesh, drain_s=60) as target:
            channel = await client.enter_async_context(grpc.aio.insecure_channel(target))
            stub = job_grpc.DocumentJobServiceStub(channel)
            call = stub.WatchJob(job_pb.WatchJobRequest(), metadata=bearer(mesh.person_token()))
            await call.read()
        error = await failure(call.read())
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert reason(error) == "UNAVAILABLE"


async def test_calls_at_work_may_end_when_the_server_stops(mesh: Mesh) -> None:
    started, release = asyncio.Event(), asyncio.Event()

    async def answer() -> None:
        started.set()
        await release.wait()

    async with AsyncExitStack() as client, asyncio.timeout(20):
        async with in_process_server(app_of(answer), mesh, drain_s=60) as target:
            channel = await client.enter_async_context(grpc.aio.insecure_channel(target))
            reading = asyncio.create_task(pages(channel, mesh.person_token()))
            await started.wait()
            # Let it end only when the server no longer takes calls.
            asyncio.get_running_loop().create_task(_release_when_refused(target, release))
        assert await reading == 2


async def _release_when_refused(target: str, release: asyncio.Event) -> None:
    async with grpc.aio.insecure_channel(target) as channel:
        while True:
            try:
                await health_of(channel)
            except grpc.aio.AioRpcError:
                release.set()
                return


async def test_failing_background_work_is_reported(mesh: Mesh) -> None:
    told: asyncio.Future[BaseException] = asyncio.get_running_loop().create_future()

    async def broken() -> None:
        raise RuntimeError("broken")

    settings = ServerSettings(listen="127.0.0.1:0", jwks_file=mesh.jwks_file)
    async with serving(settings, app_of(background=(broken,)), on_failure=told.set_result):
        assert isinstance(await asyncio.wait_for(told, 30), RuntimeError)


async def test_figures_are_served(mesh: Mesh) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    async with dialed(app_of(), mesh, metrics_listen=f"127.0.0.1:{port}") as channel:
        await engines(channel, mesh.person_token())
        fetch = urllib.request.urlopen
        with await asyncio.to_thread(fetch, f"http://127.0.0.1:{port}/metrics") as answer:
            text = answer.read().decode()
    assert (
        'dochub_rpc_calls_total{code="OK",method="/dochub.ocr.v1.OcrService/ListEngines"}' in text
    )
