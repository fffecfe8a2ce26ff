"""Whatever is changed, removed, moved or cut off in an audit trail shows; erasing does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from identity_service.domain.audit import (
    GENESIS,
    Act,
    Actor,
    ActorKind,
    ChainCheck,
    Fault,
    Head,
    Personal,
    Stored,
    entry_of,
    link,
)

TENANT = "01a20b17-95a8-744d-96a6-f2e452a5d63b"
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
IDS = st.one_of(st.none(), st.uuids().map(str))

actors = st.builds(Actor, st.sampled_from(ActorKind), IDS, IDS, TEXT)
acts = st.builds(
    Act,
    TEXT,
    IDS,
    st.dictionaries(TEXT, TEXT, max_size=3),
    st.lists(st.builds(Personal, st.just("email"), TEXT, IDS), max_size=1).map(tuple),
)
times = st.datetimes(timezones=st.just(UTC))
events = st.lists(st.tuples(acts, actors, times), min_size=1, max_size=8)


def chain(written: Sequence[tuple[Act, Actor, datetime]]) -> list[Stored]:
    """Write events as the database does."""
    stored: list[Stored] = []
    before = GENESIS
    for seq, (act, actor, time) in enumerate(written, 1):
        salts = [bytes([seq, number]) * 8 for number, _ in enumerate((*act.personal, actor))]
        entry = entry_of(act, actor, time, salts)
        before = link(before, TENANT, seq, entry.payload)
        columns = (time, actor.id, act.action, act.subject_id)
        stored.append(Stored(seq, entry.payload, before, columns, entry.values))
    return stored


def checked(trail: Sequence[Stored], head: Head | None, *kept: Head) -> Fault | None:
    check = ChainCheck(TENANT, kept)
    for event in trail:
        check.add(event)
    return check.end(head)


def head_of(trail: Sequence[Stored]) -> Head:
    return Head(trail[-1].seq, trail[-1].hash)


@given(events)
def test_what_was_written_is_intact(written: Any) -> None:
    trail = chain(written)
    assert checked(trail, head_of(trail), head_of(trail), head_of(trail[:1])) is None


@given(events, st.data())
def test_any_change_shows(written: Any, data: st.DataObject) -> None:
    trail = chain(written)
    at = data.draw(st.integers(0, len(trail) - 1))
    event = trail[at]
    changed = data.draw(
        st.sampled_from(
            [
                replace(event, payload=event.payload.replace("{", "{ ", 1)),
                replace(event, hash=bytes(32)),
                replace(event, seq=event.seq + 1),
                replace(event, columns=(*event.columns[:2], event.columns[2] + "x", None)),
                replace(event, values=(replace(event.values[0], value="somebody else"),)),
            ]
        )
    )
    assume(changed != event)
    found = checked([*trail[:at], changed, *trail[at + 1 :]], head_of(trail))
    assert found is not None
    assert found.seq == event.seq


@given(events, st.data())
def test_a_missing_event_shows(written: Any, data: st.DataObject) -> None:
    trail = chain(written)
    at = data.draw(st.integers(0, len(trail) - 1))
    found = checked([*trail[:at], *trail[at + 1 :]], head_of(trail))
    assert found is not None
    assert found.seq == at + 1


@given(events, st.data())
def test_another_order_shows(written: Any, data: st.DataObject) -> None:
    trail = chain(written)
    moved = data.draw(st.permutations(trail))
    assume(moved != trail)
    assert checked(moved, head_of(trail)) is not None
    # Nor do new numbers help.
    numbered = [replace(event, seq=seq) for seq, event in enumerate(moved, 1)]
    assert checked(numbered, head_of(trail)) is not None


@given(events, st.data())
def test_a_cut_tail_shows_by_a_head_that_was_kept(written: Any, data: st.DataObject) -> None:
    trail = chain(written)
    short = trail[: data.draw(st.integers(0, len(trail) - 1))]
    head = head_of(short) if short else None  # the head was cut with it
    assert checked(short, head, head_of(trail)) is not None


@given(events, events)
def test_a_rewritten_chain_shows_by_a_head_that_was_kept(written: Any, other: Any) -> None:
    trail, forged = chain(written), chain(other)
    assume(head_of(trail) not in {head_of(forged[: n + 1]) for n in range(len(forged))})
    assert checked(forged, head_of(forged), head_of(trail)) is not None


@given(events)
def test_erasing_values_breaks_nothing(written: Any) -> None:
    trail = [replace(event, values=()) for event in chain(written)]
    assert checked(trail, head_of(trail)) is None
