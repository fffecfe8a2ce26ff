# ruff: noqa: ARG002, N802 - the contract gives the methods their names and arguments
"""A small real gRPC server behind the gateway: it answers, counts and tells what reached it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from dochub.document.v1 import (
    document_pb2,
    document_service_pb2,
    document_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from dochub.identity.v1 import auth_service_pb2, auth_service_pb2_grpc

if TYPE_CHECKING:  # generic for the checker only
    Context = grpc.aio.ServicerContext[Any, Any]


class Documents(document_service_pb2_grpc.DocumentServiceServicer):
    """Shows the headers that reached it; breaks once on demand."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def GetDocument(
        self, request: document_service_pb2.GetDocumentRequest, context: Context
    ) -> document_service_pb2.GetDocumentResponse:
        headers = [f"{key}={value!s}" for key, value in context.invocation_metadata() or ()]
        return document_service_pb2.GetDocumentResponse(
            document=document_pb2.Document(id=request.id, etag=self._name, warnings=headers)
        )

    async def WatchDocuments(
        self, request: document_service_pb2.WatchDocumentsRequest, context: Context
    ) -> AsyncIterator[document_service_pb2.WatchDocumentsResponse]:
        for number in range(3):
            yield document_service_pb2.WatchDocumentsResponse(cursor=str(number))


class Uploads(upload_service_pb2_grpc.UploadServiceServicer):
    """Takes parts."""

    async def UploadPart(
        self, request: upload_service_pb2.UploadPartRequest, context: Context
    ) -> upload_service_pb2.UploadPartResponse:
        return upload_service_pb2.UploadPartResponse()


class Auth(auth_service_pb2_grpc.AuthServiceServicer):
    """Counts sign-ins; the first with the e-mail `fail@…` is answered UNAVAILABLE."""

    def __init__(self) -> None:
        self._logins = 0

    async def Login(
        self, request: auth_service_pb2.LoginRequest, context: Context
    ) -> auth_service_pb2.LoginResponse:
        self._logins += 1
        if request.email.startswith("fail@"):
            await context.abort(grpc.StatusCode.UNAVAILABLE, f"login {self._logins}")
        return auth_service_pb2.LoginResponse(access_token=str(self._logins))


async def main(name: str) -> None:
    server = grpc.aio.server(options=[("grpc.max_receive_message_length", 8 * 1024 * 1024)])
    # What no test calls is left out; the generated base answers UNIMPLEMENTED.
    documents = Documents(name)  # type: ignore[abstract]
    uploads, auth = Uploads(), Auth()  # type: ignore[abstract]
    document_service_pb2_grpc.add_DocumentServiceServicer_to_server(documents, server)
    upload_service_pb2_grpc.add_UploadServiceServicer_to_server(uploads, server)
    auth_service_pb2_grpc.add_AuthServiceServicer_to_server(auth, server)
    checks = health.aio.HealthServicer()
    await checks.set("", health_pb2.HealthCheckResponse.SERVING)
    health_pb2_grpc.add_HealthServicer_to_server(checks, server)
    print(server.add_insecure_port("127.0.0.1:0"), flush=True)
    await server.start()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
