"""How failures leave: the one place that knows both our errors and the wire's."""

from typing import Final

import grpc
import structlog
from google.protobuf.any_pb2 import Any as AnyProto
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import (  # type: ignore[import-untyped]  # ships no types
    BadRequest,
    ErrorInfo,
    RetryInfo,
)
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types
from grpc_status import rpc_status

from hubkit.core.errors import HubError, Kind
from hubkit.observe.logs import failure_facts
from hubkit.server.call import Call, Proceed

DOMAIN: Final = "dochub"
_LONGEST_TEXT: Final = 1000
"""Characters of a message or fact: a status travels in headers, which have a limit."""
_log: Final = structlog.get_logger("hubkit.server")

CODES: Final[dict[Kind, grpc.StatusCode]] = {
    Kind.INVALID: grpc.StatusCode.INVALID_ARGUMENT,
    Kind.NOT_FOUND: grpc.StatusCode.NOT_FOUND,
    Kind.EXISTS: grpc.StatusCode.ALREADY_EXISTS,
    Kind.STALE: grpc.StatusCode.ABORTED,
    Kind.PRECONDITION: grpc.StatusCode.FAILED_PRECONDITION,
    Kind.UNAUTHENTICATED: grpc.StatusCode.UNAUTHENTICATED,
    Kind.DENIED: grpc.StatusCode.PERMISSION_DENIED,
    Kind.BUSY: grpc.StatusCode.RESOURCE_EXHAUSTED,
    Kind.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE,
    Kind.TIMEOUT: grpc.StatusCode.DEADLINE_EXCEEDED,
    Kind.INTERNAL: grpc.StatusCode.INTERNAL,
}


def status_of(error: HubError) -> Status:
    """Give the wire status of an expected failure, with its reason, facts, field and wait."""
    facts = {key: value[:_LONGEST_TEXT] for key, value in error.facts.items()}
    details: list[Message] = [ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=facts)]
    message = str(error)[:_LONGEST_TEXT]
    if error.field is not None:
        violation = BadRequest.FieldViolation(field=error.field, description=message)
        details.append(BadRequest(field_violations=[violation]))
    if error.retry_after_s is not None:
        wait = Duration()
        wait.FromMilliseconds(round(error.retry_after_s * 1000))
        details.append(RetryInfo(retry_delay=wait))
    return Status(
        code=CODES[error.kind].value[0],
        message=message,
        details=[_packed(detail) for detail in details],
    )


def status_of_defect(trace_id: str) -> Status:
    """Give the wire status of a bug: nothing but the way to find it in the log."""
    info = ErrorInfo(reason="INTERNAL", domain=DOMAIN, metadata={"trace_id": trace_id})
    return Status(
        code=grpc.StatusCode.INTERNAL.value[0],
        message=f"internal error; its trace id is {trace_id}",
        details=[_packed(info)],
    )


async def translate_errors(call: Call, proceed: Proceed) -> object:
    """Turn whatever fails inside into a status."""
    try:
        return await proceed()
    except grpc.aio.AbortError:
        raise
    except Exception as error:  # noqa: BLE001  # the last to see it: all must leave as a status
        status = _status_and_log(call, error)
    wire = rpc_status.to_status(status)
    return await call.context.abort(wire.code, wire.details, wire.trailing_metadata)


def _status_and_log(call: Call, error: Exception) -> Status:
    expected = expected_failure(error)
    call.reason = expected.reason if expected else HubError.reason
    if expected is not None:
        return status_of(expected)
    facts = failure_facts(error)
    _log.error("unexpected failure", method=call.method.path, trace_id=call.trace_id, **facts)
    return status_of_defect(call.trace_id)


def expected_failure(error: BaseException) -> HubError | None:
    """Find the expected failure in an error, which a task group may have wrapped."""
    if isinstance(error, HubError):
        return error
    if isinstance(error, BaseExceptionGroup):
        found = [expected_failure(inner) for inner in error.exceptions]
        # A bug beside an expected failure is still a bug.
        return None if None in found else found[0]
    return None


def _packed(message: Message) -> AnyProto:
    packed = AnyProto()
    packed.Pack(message)
    return packed
