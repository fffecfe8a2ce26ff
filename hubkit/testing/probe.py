# ruff: noqa: N802, ARG002, D102  # the contract names methods and arguments, and explains them
"""Servicers whose answers are whatever a test says, to try the server itself."""

from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import grpc

from dochub.document.v1 import document_job_service_pb2 as job_pb
from dochub.document.v1 import document_job_service_pb2_grpc as job_grpc
from dochub.identity.v1 import auth_service_pb2 as auth_pb
from dochub.identity.v1 import auth_service_pb2_grpc as auth_grpc
from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.ocr.v1 import ocr_service_pb2_grpc as ocr_grpc
from hubkit.server.app import App, Servicer
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import Mesh, bearer

Answer = Callable[[], Coroutine[Any, Any, None]]


class Reader(ocr_grpc.OcrServiceServicer):
    """Awaits `answer`, then gives an empty reply."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def ListEngines(self, request: Any, context: Any) -> Any:
        await self._answer()
        return pb.ListEnginesResponse()

    async def ReadPages(self, request: pb.ReadPagesRequest, context: Any) -> AsyncIterator[Any]:
        yield pb.ReadPagesResponse()
        await self._answer()
        yield pb.ReadPagesResponse()

    async def InspectDocument(self, request: Any, context: Any) -> Any:
        await context.abort(grpc.StatusCode.OUT_OF_RANGE, "aborted by the servicer itself")

    ExtractFields = ReadImage = ListEngines  # these are not called


class Jobs(job_grpc.DocumentJobServiceServicer):
    """Watches until `answer` ends."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def WatchJob(self, request: Any, context: Any) -> AsyncIterator[Any]:
        yield job_pb.WatchJobResponse()
        await self._answer()

    async def GetJob(self, request: Any, context: Any) -> Any:
        return job_pb.GetJobResponse()

    ListJobs = CancelJob = GetJob  # these are not called


class Auth(auth_grpc.AuthServiceServicer):
    """Lets everybody in."""

    async def Login(self, request: Any, context: Any) -> Any:
        return auth_pb.LoginResponse()

    async def GetCurrentUser(self, request: Any, context: Any) -> Any:
        return auth_pb.GetCurrentUserResponse()

    # These are not called.
    Logout = RefreshToken = SwitchTenant = ListSessions = RevokeSession = RevokeAllSessions = Login
    ChangePassword = RequestPasswordReset = ConfirmPasswordReset = Login
    EnrollSecondFactor = ConfirmSecondFactor = RemoveSecondFactor = Login


async def nothing() -> None:
    """Answer at once."""


def app_of(answer: Answer = nothing, **parts: Any) -> App:
    """Give the app of the three services."""
    servicers = (
        Servicer(
            ocr_grpc.add_OcrServiceServicer_to_server,
            Reader(answer),
            pb.DESCRIPTOR.services_by_name["OcrService"],
        ),
        Servicer(
            job_grpc.add_DocumentJobServiceServicer_to_server,
            Jobs(answer),
            job_pb.DESCRIPTOR.services_by_name["DocumentJobService"],
        ),
        Servicer(
            auth_grpc.add_AuthServiceServicer_to_server,
            Auth(),
            auth_pb.DESCRIPTOR.services_by_name["AuthService"],
        ),
    )
    return App("ocr", servicers, **parts)


@asynccontextmanager
async def dialed(app: App, mesh: Mesh, **settings: Any) -> AsyncIterator[grpc.aio.Channel]:
    """Serve an app and open a plain channel to it."""
    async with (
        in_process_server(app, mesh, **settings) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        yield channel


def serving_answer(
    answer: Answer, mesh: Mesh, **settings: Any
) -> AbstractAsyncContextManager[grpc.aio.Channel]:
    """Serve one answer and open a plain channel to it."""
    return dialed(app_of(answer), mesh, **settings)


async def engines(channel: grpc.aio.Channel, token: str | None, **options: Any) -> None:
    """Make a call that gives one answer."""
    stub = ocr_grpc.OcrServiceStub(channel)
    await stub.ListEngines(
        pb.ListEnginesRequest(), metadata=bearer(token) if token is not None else (), **options
    )


async def pages(channel: grpc.aio.Channel, token: str | None, **options: Any) -> int:
    """Make a call that streams; count the messages."""
    stub = ocr_grpc.OcrServiceStub(channel)
    call = stub.ReadPages(
        pb.ReadPagesRequest(), metadata=bearer(token) if token is not None else (), **options
    )
    return len([message async for message in call])
