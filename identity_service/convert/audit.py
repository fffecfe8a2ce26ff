"""The audit trail's messages from and to values of the domain."""

import json
from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from dochub.identity.v1 import audit_service_pb2 as pb
from hubkit.core.ids import check_id
from identity_service.domain.audit import ActorKind, Stored
from identity_service.ports import AuditQuery

_KINDS = {
    ActorKind.PERSON: pb.ACTOR_KIND_PERSON,
    ActorKind.API_KEY: pb.ACTOR_KIND_API_KEY,
    ActorKind.SERVICE: pb.ACTOR_KIND_SERVICE,
    ActorKind.NOBODY: pb.ACTOR_KIND_NOBODY,
}


def query_from_proto(chosen: pb.AuditFilter) -> AuditQuery:
    """Read which events are asked for.

    Raises:
        InvalidArgument: An id is none.
    """
    return AuditQuery(
        actor_id=chosen.actor_id and check_id(chosen.actor_id, "filter.actor_id"),
        action=chosen.action,
        subject_id=chosen.subject_id and check_id(chosen.subject_id, "filter.subject_id"),
        start_time=_time(chosen.start_time) if chosen.HasField("start_time") else None,
        end_time=_time(chosen.end_time) if chosen.HasField("end_time") else None,
    )


def event_to_proto(event: Stored) -> pb.AuditEvent:
    """Write an event."""
    content = json.loads(event.payload)
    written = pb.AuditEvent(
        seq=event.seq,
        actor_kind=_KINDS[ActorKind(content["actor_kind"])],
        actor_id=content["actor_id"] or "",
        session_id=content["session_id"] or "",
        action=content["action"],
        subject_id=content["subject_id"] or "",
        facts=content["facts"],
        personal={one.name: one.value for one in event.values},
        hash=event.hash,
    )
    written.time.FromDatetime(event.columns[0])
    return written


def _time(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(UTC)
