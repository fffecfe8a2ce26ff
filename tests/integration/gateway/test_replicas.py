"""A service with two replicas loses one, and nobody notices."""

import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from threading import Event

import grpc

from dochub.document.v1 import (
    document_service_pb2,
    document_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from hubctl.testing import Gateway

CALLS = 600
PART = bytes(2 * 1024 * 1024)
Started = AbstractContextManager[tuple[Gateway, list[subprocess.Popen[str]]]]


def test_killing_a_replica_loses_no_idempotent_call(start: Callable[..., Started]) -> None:
    with start(replicas=2) as (gateway, replicas):
        metadata = (("authorization", f"Bearer {gateway.token()}"),)
        half_way = Event()
        with gateway.channel() as channel, ThreadPoolExecutor(8) as pool:
            documents = document_service_pb2_grpc.DocumentServiceStub(channel)
            uploads = upload_service_pb2_grpc.UploadServiceStub(channel)

            def call(number: int) -> str:
                if number == CALLS // 3:
                    half_way.set()
                try:
                    # A part is larger than what Envoy keeps of a body unless it is told to.
                    if number % 20 == 0:
                        part = upload_service_pb2.UploadPartRequest(data=PART)
                        uploads.UploadPart(part, metadata=metadata, timeout=20)
                        return "part"
                    request = document_service_pb2.GetDocumentRequest(id=str(number))
                    answer = documents.GetDocument(request, metadata=metadata, timeout=20)
                except grpc.RpcError as error:
                    return f"{error.code()}: {error.details()}"
                return str(answer.document.etag)

            answers = pool.map(call, range(CALLS))
            half_way.wait(30)
            replicas[0].kill()
            seen = list(answers)
    assert set(seen) == {"part", "replica-0", "replica-1"}
    assert seen[-1] != "replica-0"
