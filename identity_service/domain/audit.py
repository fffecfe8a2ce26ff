"""The audit trail: what an event is, how it is chained, and what a check finds.

Each event is a JSON text that is never changed. Its hash covers the hash before, the tenant, its
number and the text. Values of people stand beside it, each with a salt; the text holds only what
commits to them, so that they can be erased without breaking the chain.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

GENESIS: Final = bytes(32)
"""Before the first event."""
SALT_BYTES: Final = 16


class ActorKind(StrEnum):
    """Who can act."""

    PERSON = "PERSON"
    API_KEY = "API_KEY"
    SERVICE = "SERVICE"
    NOBODY = "NOBODY"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does something, and from where.

    Attributes:
        kind: What they are.
        id: The person's or key's; None for a service or nobody.
        session_id: In which session.
        source: Network address.
    """

    kind: ActorKind
    id: str | None
    session_id: str | None
    source: str


@dataclass(frozen=True, slots=True)
class Personal:
    """A value of a person, which may have to be erased."""

    name: str
    value: str
    person_id: str | None


@dataclass(frozen=True, slots=True)
class Act:
    """Something that is done.

    Attributes:
        action: Such as `session.opened`.
        subject_id: To whom or what.
        facts: What is no secret and nobody's own, such as a role before and after.
        personal: What is somebody's own.
    """

    action: str
    subject_id: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    personal: tuple[Personal, ...] = ()


@dataclass(frozen=True, slots=True)
class Kept:
    """A value beside its event, with the salt of its commitment."""

    name: str
    person_id: str | None
    value: str
    salt: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """An event before it has its place in the chain."""

    payload: str
    values: tuple[Kept, ...]


@dataclass(frozen=True, slots=True)
class Stored:
    """An event in its place.

    Attributes:
        seq: Its number, from 1.
        payload: The text.
        hash: As it was written.
        columns: What was drawn from the text to search by: time, actor, action, subject.
        values: Those that were not erased.
    """

    seq: int
    payload: str
    hash: bytes
    columns: tuple[datetime, str | None, str, str | None]
    values: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands."""

    seq: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Fault:
    """The first sign that the trail is not what was written."""

    seq: int
    what: str


def entry_of(act: Act, actor: Actor, now: datetime, salts: Sequence[bytes]) -> Entry:
    """Write an event.

    Args:
        act: What was done.
        actor: By whom.
        now: When.
        salts: One for each value of `act`, and one for the source.
    """
    whose = actor.id if actor.kind is ActorKind.PERSON else act.subject_id
    personal = (*act.personal, Personal("source", actor.source, whose))
    values = tuple(
        Kept(one.name, one.person_id, one.value, salt)
        for one, salt in zip(personal, salts, strict=True)
    )
    content = {
        "time": now.astimezone(UTC).isoformat(),
        "actor_kind": actor.kind.value,
        "actor_id": actor.id,
        "session_id": actor.session_id,
        "action": act.action,
        "subject_id": act.subject_id,
        "facts": dict(act.facts),
        "commitments": {one.name: commitment(one) for one in values},
    }
    return Entry(json.dumps(content, ensure_ascii=False, sort_keys=True), values)


def commitment(kept: Kept) -> str:
    """Give what stands for a value in the text."""
    return hashlib.sha256(kept.salt + kept.value.encode()).hexdigest()


def link(before: bytes, tenant_id: str, seq: int, payload: str) -> bytes:
    """Give the hash of an event."""
    place = UUID(tenant_id).bytes + seq.to_bytes(8, "big", signed=True)
    return hashlib.sha256(before + place + payload.encode()).digest()


def export_line(event: Stored) -> bytes:
    """Write an event as a line of JSON with all that a check elsewhere needs."""
    content = {
        "seq": event.seq,
        "payload": event.payload,
        "hash": event.hash.hex(),
        "values": [
            {"name": one.name, "value": one.value, "salt": one.salt.hex()} for one in event.values
        ],
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True).encode() + b"\n"


class ChainCheck:
    """Goes along a tenant's chain, event by event, until something is wrong.

    Args:
        tenant_id: Whose chain.
        heads: Signed heads that were kept: the chain must hold each.
    """

    def __init__(self, tenant_id: str, heads: Sequence[Head] = ()) -> None:
        self._tenant_id = tenant_id
        self._heads = {head.seq: head.hash for head in heads}
        self._forked = next(
            (Fault(head.seq, "two heads differ") for head in heads
             if self._heads[head.seq] != head.hash), None,
        )  # fmt: skip
        self.last = Head(0, GENESIS)
        self.fault: Fault | None = self._forked

    def add(self, event: Stored) -> None:
        """Check the next event; after a fault nothing more is looked at."""
        if self.fault is not None:
            return
        seq = self.last.seq + 1
        self.fault = self._fault_of(event, seq)
        self.last = Head(seq, event.hash)

    def end(self, head: Head | None) -> Fault | None:
        """Give the first fault, knowing where the chain itself says that it stands."""
        if self.fault is not None:
            return self.fault
        longest = max([*self._heads, head.seq if head else 0])
        if longest > self.last.seq:
            return Fault(self.last.seq + 1, f"events up to {longest} are cut off")
        if head is not None and head != self.last:
            return Fault(self.last.seq, "the head is another one")
        if head is None and self.last.seq:
            return Fault(self.last.seq, "the head is gone")
        return None

    def _fault_of(self, event: Stored, seq: int) -> Fault | None:
        if event.seq != seq:
            return Fault(seq, f"event {seq} is missing, {event.seq} follows")
        if link(self.last.hash, self._tenant_id, seq, event.payload) != event.hash:
            return Fault(seq, "the event or one before it was changed or moved")
        if self._heads.get(seq, event.hash) != event.hash:
            return Fault(seq, "a head that was kept says otherwise")
        content = json.loads(event.payload)
        columns = (
            datetime.fromisoformat(content["time"]),
            content["actor_id"],
            content["action"],
            content["subject_id"],
        )
        if columns != event.columns:
            return Fault(seq, "what is searched by differs from the event")
        commitments = content["commitments"]
        if any(commitments.get(one.name) != commitment(one) for one in event.values):
            return Fault(seq, "a value beside the event was changed")
        return None
