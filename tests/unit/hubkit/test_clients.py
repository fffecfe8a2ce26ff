"""Calls to others: as whom, for how long, how often, and what their failures become."""

from contextlib import suppress

import grpc
import pytest
from google.protobuf.descriptor import ServiceDescriptor
from opentelemetry.sdk.trace import TracerProvider

from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.ocr.v1 import ocr_service_pb2_grpc as ocr_grpc
from hubkit.clients import open_channel, remote_errors
from hubkit.core.caller import Caller, current_caller, use_caller
from hubkit.core.deadline import remaining_s, use_deadline
from hubkit.core.errors import Busy, HubError, InvalidArgument, Kind, Unavailable
from hubkit.core.ids import new_id
from hubkit.observe.traces import current_trace_id
from hubkit.testing.probe import Answer, app_of, engines, pages
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import Mesh

OCR = (pb.DESCRIPTOR.services_by_name["OcrService"],)


async def call_as(answer: Answer, mesh: Mesh, caller: Caller | None) -> None:
    """Make both kinds of call as somebody, by a channel of the document service."""
    async with in_process_server(app_of(answer), mesh) as target:
        signer = mesh.signer("document")
        async with open_channel(target, audience="ocr", signer=signer, services=OCR) as channel:
            with use_caller(caller):
                await engines(channel, None)
                await pages(channel, None)


async def test_a_call_is_made_as_this_service_for_the_present_caller(mesh: Mesh) -> None:
    seen: list[Caller] = []

    async def answer() -> None:
        seen.append(current_caller())

    caller = Caller(new_id(), new_id(), new_id(), None, "VIEWER", frozenset())
    await call_as(answer, mesh, caller)
    await call_as(answer, mesh, None)
    assert {one.service for one in seen} == {"document"}
    assert [one.tenant_id for one in seen] == [caller.tenant_id, caller.tenant_id, "", ""]
    assert [one.person_id for one in seen] == [caller.person_id, caller.person_id, None, None]


async def test_the_trace_goes_along(mesh: Mesh) -> None:
    seen: list[str] = []

    async def answer() -> None:
        seen.append(current_trace_id())

    with TracerProvider(shutdown_on_exit=False).get_tracer("t").start_as_current_span("outer"):
        outer = current_trace_id()
        await call_as(answer, mesh, None)
    assert seen == [outer, outer]


async def test_a_call_has_no_more_time_than_the_one_it_is_made_for(mesh: Mesh) -> None:
    seen: list[float | None] = []

    async def answer() -> None:
        seen.append(remaining_s())

    with use_deadline(5):
        await call_as(answer, mesh, None)
    await call_as(answer, mesh, None)
    times = [-1.0 if each is None else each for each in seen]
    assert times[0] < 6
    assert times[1] < 6
    assert 25 < times[2] < 31
    assert times[3] == -1.0, "a stream has no deadline of its own"


async def test_failures_of_others_come_as_our_errors(mesh: Mesh) -> None:
    class Encrypted(HubError):
        kind = Kind.INVALID
        reason = "ENCRYPTED"

    async def answer() -> None:
        raise Encrypted("it asks for a password", field="source", page="3")

    async with in_process_server(app_of(answer), mesh) as target:
        signer = mesh.signer("document")
        async with open_channel(target, audience="ocr", signer=signer) as channel:
            for call in (engines, pages):
                with pytest.raises(InvalidArgument, match="password") as caught, remote_errors():
                    await call(channel, None)
                assert caught.value.reason == "ENCRYPTED"
                assert caught.value.field == "source"
                assert caught.value.facts == {"page": "3"}


async def test_a_wait_comes_along(mesh: Mesh) -> None:
    async def answer() -> None:
        raise Busy("full", retry_after_s=2.5)

    async with in_process_server(app_of(answer), mesh) as target:
        signer = mesh.signer("document")
        async with open_channel(target, audience="ocr", signer=signer) as channel:
            with pytest.raises(Busy) as caught, remote_errors():
                await engines(channel, None)
    assert caught.value.retry_after_s == 2.5


@pytest.mark.parametrize(("services", "calls"), [(OCR, 3), ((), 1)])
async def test_only_idempotent_methods_are_tried_again(
    services: tuple[ServiceDescriptor, ...], calls: int, mesh: Mesh
) -> None:
    count = 0

    async def answer() -> None:
        nonlocal count
        count += 1
        if count < 3:
            raise Unavailable("not yet")

    async with in_process_server(app_of(answer), mesh) as target:
        signer = mesh.signer("document")
        async with open_channel(
            target, audience="ocr", signer=signer, services=services
        ) as channel:
            with suppress(grpc.aio.AioRpcError):
                await engines(channel, None)
    assert count == calls


async def test_nobody_there_is_unavailable(mesh: Mesh) -> None:
    async with open_channel("127.0.0.1:1", audience="ocr", signer=None) as channel:
        stub = ocr_grpc.OcrServiceStub(channel)
        with pytest.raises(Unavailable), remote_errors():
            await stub.ListEngines(pb.ListEnginesRequest(), timeout=5)
