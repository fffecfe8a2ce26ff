"""Failures of calls, in a form that tests can look at."""

from collections.abc import Awaitable
from typing import Any

import grpc
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types
from grpc_status import rpc_status

from hubkit.clients import error_of


async def failure(call: Awaitable[Any]) -> grpc.aio.AioRpcError:
    """Give the error that a call ends with."""
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return error
    raise AssertionError("the call did not fail")


def reason(error: grpc.aio.AioRpcError) -> str:
    """Give the machine-readable reason of an error."""
    return error_of(error).reason


def status(error: grpc.aio.AioRpcError) -> Status:
    """Give the rich status of an error."""
    return rpc_status.from_call(_Ended(error)) or Status()


class _Ended:
    """An error in the form that grpc_status reads."""

    def __init__(self, error: grpc.aio.AioRpcError) -> None:
        self.code = error.code
        self.details = error.details
        self.trailing_metadata = error.trailing_metadata
