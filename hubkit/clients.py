"""Calls to other services: bounded in time, tried again where that is safe, and made as somebody.

A call carries a token of this service for the present caller's tenant, the trace it belongs to,
and no more time than the call it is made for has left.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions
from google.rpc.error_details_pb2 import (  # type: ignore[import-untyped]  # ships no types
    BadRequest,
    ErrorInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types

from hubkit.core.caller import caller_or_none
from hubkit.core.deadline import remaining_s
from hubkit.core.errors import (
    Busy,
    DeadlineExceeded,
    HubError,
    InvalidArgument,
    Kind,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    Stale,
    Unauthenticated,
    Unavailable,
)
from hubkit.observe.traces import trace_metadata
from hubkit.tokens import Signer

DEFAULT_TIMEOUT_S: Final = 30.0
MESSAGE_BYTES: Final = 8 * 1024 * 1024
_STATUS_KEY: Final = "grpc-status-details-bin"
_RETRY: Final = {
    "maxAttempts": 4,
    "initialBackoff": "0.1s",
    "maxBackoff": "2s",
    "backoffMultiplier": 3,
    "retryableStatusCodes": ["UNAVAILABLE"],
}


class Exists(HubError):
    """The other service has it already."""

    kind = Kind.EXISTS
    reason = "PRECONDITION_FAILED"


class RemoteDefect(HubError):
    """The other service failed by a defect of its own."""


_ERRORS: Final[dict[grpc.StatusCode, type[HubError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: InvalidArgument,
    grpc.StatusCode.NOT_FOUND: NotFound,
    grpc.StatusCode.ALREADY_EXISTS: Exists,
    grpc.StatusCode.ABORTED: Stale,
    grpc.StatusCode.FAILED_PRECONDITION: PreconditionFailed,
    grpc.StatusCode.UNAUTHENTICATED: Unauthenticated,
    grpc.StatusCode.PERMISSION_DENIED: PermissionDenied,
    grpc.StatusCode.RESOURCE_EXHAUSTED: Busy,
    grpc.StatusCode.UNAVAILABLE: Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: DeadlineExceeded,
    grpc.StatusCode.CANCELLED: Unavailable,
}


def open_channel(
    target: str,
    *,
    audience: str,
    signer: Signer | None,
    services: Sequence[ServiceDescriptor] = (),
) -> grpc.aio.Channel:
    """Open a channel to a service; the caller closes it.

    Args:
        target: `host:port` (all addresses of the name are used in turn) or `unix:/path`.
        audience: Short name of the service there, to which tokens are made out.
        signer: Makes the tokens; None to send none.
        services: Descriptors of what is called there; their methods that the contract calls
            idempotent are tried again when the service does not answer.
    """
    by_name = (
        target if ":" not in target or target.startswith(("unix:", "dns:")) else f"dns:///{target}"
    )
    options = (
        ("grpc.max_receive_message_length", MESSAGE_BYTES),
        ("grpc.max_send_message_length", MESSAGE_BYTES),
        ("grpc.keepalive_time_ms", 20_000),
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        # A service that restarts is back in a second or two; the default waits up to two minutes.
        ("grpc.max_reconnect_backoff_ms", 2_000),
        ("grpc.service_config", json.dumps(_service_config(services))),
    )
    outgoing = _Outgoing(audience, signer)
    return grpc.aio.insecure_channel(
        by_name, options=options, interceptors=[_Unary(outgoing), _Streaming(outgoing)]
    )


@contextmanager
def remote_errors() -> Iterator[None]:
    """Raise failures of calls made in the block as our own errors, with their reason and facts."""
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise error_of(error) from error


def error_of(failure: grpc.aio.AioRpcError) -> HubError:
    """Read the error that another service meant."""
    facts: dict[str, str] = {}
    reason = field = wait = None
    for detail in _status(failure).details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            info = ErrorInfo.FromString(detail.value)
            reason, facts = info.reason, dict(info.metadata)
        elif detail.Is(BadRequest.DESCRIPTOR):
            violations = BadRequest.FromString(detail.value).field_violations
            field = violations[0].field if violations else None
        elif detail.Is(RetryInfo.DESCRIPTOR):
            wait = RetryInfo.FromString(detail.value).retry_delay.ToMilliseconds() / 1000
    kind = _ERRORS.get(failure.code(), RemoteDefect)
    named = _with_reason(kind, reason) if reason else kind
    for taken in ("message", "field", "retry_after_s"):
        facts.pop(taken, None)
    message = failure.details() or "the other service gave no reason"
    return named(message, field=field, retry_after_s=wait, **facts)


def _status(failure: grpc.aio.AioRpcError) -> Status:
    for key, value in failure.trailing_metadata() or ():
        if key == _STATUS_KEY and isinstance(value, bytes):
            return Status.FromString(value)
    return Status()


def _with_reason(kind: type[HubError], reason: str) -> type[HubError]:
    """Give a class of this kind with another reason, so that `except` still finds it."""
    if kind.reason == reason:
        return kind
    return type(kind.__name__, (kind,), {"reason": reason, "__doc__": kind.__doc__})


def _service_config(services: Sequence[ServiceDescriptor]) -> dict[str, object]:
    again = [
        {"service": service.full_name, "method": method.name}
        for service in services
        for method in service.methods
        if _is_idempotent(method)
    ]
    config: dict[str, object] = {"loadBalancingConfig": [{"round_robin": {}}]}
    if again:
        config["methodConfig"] = [{"name": again, "retryPolicy": _RETRY}]
    return config


def _is_idempotent(method: MethodDescriptor) -> bool:
    return bool(method.GetOptions().idempotency_level != MethodOptions.IDEMPOTENCY_UNKNOWN)


class _Outgoing:
    """Adds to each call what it must carry."""

    def __init__(self, audience: str, signer: Signer | None) -> None:
        self._audience = audience
        self._signer = signer

    def details(
        self, given: grpc.aio.ClientCallDetails, default_s: float | None
    ) -> grpc.aio.ClientCallDetails:
        metadata = grpc.aio.Metadata(*(given.metadata or ()), *trace_metadata().items())
        if self._signer is not None and not metadata.get_all("authorization"):
            caller = caller_or_none()
            token = self._signer.service_token(
                self._audience,
                caller.tenant_id if caller else None,
                caller.person_id if caller else None,
            )
            metadata.add("authorization", f"Bearer {token}")
        limits = [given.timeout if given.timeout is not None else default_s, remaining_s()]
        timeout = min((limit for limit in limits if limit is not None), default=None)
        return grpc.aio.ClientCallDetails(
            given.method, timeout, metadata, given.credentials, given.wait_for_ready
        )


class _Unary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, outgoing: _Outgoing) -> None:
        self._outgoing = outgoing

    async def intercept_unary_unary(
        self,
        continuation: Callable[
            [grpc.aio.ClientCallDetails, Any], Awaitable[grpc.aio.UnaryUnaryCall[Any, Any]]
        ],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> grpc.aio.UnaryUnaryCall[Any, Any]:
        details = self._outgoing.details(client_call_details, DEFAULT_TIMEOUT_S)
        return await continuation(details, request)


class _Streaming(grpc.aio.UnaryStreamClientInterceptor):
    def __init__(self, outgoing: _Outgoing) -> None:
        self._outgoing = outgoing

    async def intercept_unary_stream(
        self,
        continuation: Callable[
            [grpc.aio.ClientCallDetails, Any], Awaitable[grpc.aio.UnaryStreamCall[Any, Any]]
        ],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,
    ) -> AsyncIterator[Any] | grpc.aio.UnaryStreamCall[Any, Any]:
        return await continuation(self._outgoing.details(client_call_details, None), request)
