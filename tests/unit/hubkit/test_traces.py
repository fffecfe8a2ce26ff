"""Spans reach a collector where one is named, and a dead one holds nothing up."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import Queue
from typing import Any

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc

from hubkit.core.errors import NotFound
from hubkit.observe.traces import Tracing, current_trace_id, trace_metadata
from hubkit.testing.failures import failure
from hubkit.testing.probe import engines, serving_answer
from hubkit.testing.tokens import Mesh


class Collector(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self.received: Queue[Any] = Queue()

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002  # the contract's name and form
        self.received.put(request)
        return trace_service_pb2.ExportTraceServiceResponse()


@pytest.fixture
def collector() -> Iterator[tuple[str, Collector]]:
    servicer = Collector()
    server = grpc.server(ThreadPoolExecutor(2))
    add: Any = trace_service_pb2_grpc.add_TraceServiceServicer_to_server  # ships no types
    add(servicer, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"http://127.0.0.1:{port}", servicer
    server.stop(None).wait()


async def test_spans_reach_the_collector_without_words_of_failures(
    mesh: Mesh, collector: tuple[str, Collector]
) -> None:
    async def answer() -> None:
        raise NotFound("text of a document")

    endpoint, servicer = collector
    async with serving_answer(answer, mesh, otlp_endpoint=endpoint) as channel:
        await failure(engines(channel, mesh.person_token()))
    request = servicer.received.get(timeout=10)
    (spans,) = request.resource_spans
    assert spans.resource.attributes[0].value.string_value == "ocr"
    assert spans.scope_spans[0].spans[0].name == "dochub.ocr.v1.OcrService/ListEngines"
    assert "text of a document" not in str(request)


def test_a_dead_collector_holds_nothing_up() -> None:
    tracing = Tracing("ocr", "http://127.0.0.1:1")
    with tracing.server_span("/a/b", {}):
        pass
    started = time.monotonic()
    tracing.close()
    assert time.monotonic() - started < 5


def test_a_trace_is_continued_and_handed_on() -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    tracing = Tracing("ocr")
    with tracing.server_span("/a/b", {"traceparent": f"00-{trace}-b7ad6b7169203331-01"}) as found:
        assert found == trace == current_trace_id()
        assert trace in trace_metadata()["traceparent"]
    with tracing.server_span("/a/b", {"traceparent": "rubbish"}) as found:
        assert found not in {trace, "0" * 32}
    assert current_trace_id() == "0" * 32
