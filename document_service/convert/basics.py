"""Times, failures and enums: what every message has."""

from datetime import UTC, datetime
from typing import TypeVar

import grpc
from google.protobuf.any_pb2 import Any as AnyProto
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc.error_details_pb2 import ErrorInfo  # type: ignore[import-untyped]  # ships no types
from google.rpc.status_pb2 import Status  # type: ignore[import-untyped]  # ships no types

from document_service.domain.errors import Failure
from hubkit.core.errors import InvalidArgument, Kind
from hubkit.server.errors import CODES, DOMAIN

_KINDS = {code.value[0]: kind for kind, code in CODES.items()}

E = TypeVar("E")


def time_to_proto(value: datetime | None) -> Timestamp | None:
    """Write a time; None stays unset."""
    if value is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(value)
    return stamp


def time_from_proto(stamp: Timestamp, field: str) -> datetime:
    """Read a time.

    Raises:
        InvalidArgument: It lies outside the years 1 to 9999.
    """
    try:
        return stamp.ToDatetime(UTC)
    except (ValueError, OverflowError) as error:
        raise InvalidArgument("a time lies in the years 1 to 9999", field=field) from error


def failure_to_proto(failure: Failure | None) -> Status | None:
    """Write why something failed; a failure without a reason is a cancel."""
    if failure is None:
        return None
    if not failure.reason:
        return Status(code=grpc.StatusCode.CANCELLED.value[0], message=failure.message)
    info = AnyProto()
    info.Pack(ErrorInfo(reason=failure.reason, domain=DOMAIN, metadata=dict(failure.facts)))
    return Status(code=CODES[failure.kind].value[0], message=failure.message, details=[info])


def failure_from_proto(status: Status) -> Failure:
    """Read why something failed, as another service put it."""
    info = ErrorInfo()
    for detail in status.details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
    kind = _KINDS.get(status.code, Kind.INTERNAL)
    reason = info.reason or ("TIMEOUT" if kind is Kind.TIMEOUT else "INTERNAL")
    return Failure(kind, reason, status.message, dict(info.metadata))


def enum_from_proto(number: int, known: dict[int, E], field: str) -> E:
    """Read an enum's value.

    Raises:
        InvalidArgument: It is unset, or made after this program.
    """
    if number not in known:
        raise InvalidArgument(f"{field} has no value {number}", field=field)
    return known[number]
