"""What the use of a refresh token leads to."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from identity_service.domain.people import Member, Person, Role, Tenant
from identity_service.domain.session import (
    ACCESS_LIFETIME,
    GRACE,
    IDLE_LIFETIME,
    SESSION_LIFETIME,
    Place,
    RefreshSecret,
    Session,
    Step,
    StoredToken,
    access_lifetime,
    open_session,
    step_for,
    token_for,
)

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SECRET = RefreshSecret(bytes(range(32)))
NEXT = RefreshSecret(bytes(range(100, 132)))


def fresh() -> tuple[Session, StoredToken]:
    member = Member(Person("p", "p@example.com", "P"), Tenant("t", "t", "T"), Role.VIEWER)
    session = open_session("s", member, NOW, Place("10.0.0.1"))
    return session, token_for(session, SECRET, NOW)


def used(at: datetime) -> tuple[Session, StoredToken]:
    session, token = fresh()
    return session, replace(token, rotate_time=at, sealed_successor=SECRET.seal(NEXT))


def test_a_new_token_is_rotated() -> None:
    assert step_for(*fresh(), NOW + SECOND) is Step.ROTATE


def test_the_predecessor_gives_the_same_successor_within_the_grace() -> None:
    session, token = used(NOW)
    assert step_for(session, token, NOW + GRACE) is Step.REPEAT
    assert token.sealed_successor is not None
    assert SECRET.unseal(token.sealed_successor) == NEXT


def test_the_predecessor_ends_the_session_after_the_grace() -> None:
    assert step_for(*used(NOW), NOW + GRACE + SECOND) is Step.END


def test_an_older_token_ends_the_session_even_within_the_grace() -> None:
    session, token = used(NOW)
    older = replace(token, sealed_successor=None)
    assert step_for(session, older, NOW + SECOND) is Step.END


def test_an_idle_token_is_refused_and_ends_nothing() -> None:
    session, token = fresh()
    assert step_for(session, token, NOW + IDLE_LIFETIME - SECOND) is Step.ROTATE
    assert step_for(session, token, NOW + IDLE_LIFETIME) is Step.REFUSE


def test_a_session_ends_for_good_however_often_it_is_refreshed() -> None:
    session, _ = fresh()
    late = NOW + SESSION_LIFETIME - SECOND
    token = token_for(session, NEXT, late)
    assert token.expire_time == session.expire_time
    assert step_for(session, token, late) is Step.ROTATE
    assert step_for(session, token, session.expire_time) is Step.REFUSE


@pytest.mark.parametrize("token", [fresh()[1], used(NOW)[1]])
def test_nothing_of_an_ended_session_is_refreshed(token: StoredToken) -> None:
    session = replace(fresh()[0], end_time=NOW)
    assert step_for(session, token, NOW + SECOND) is Step.REFUSE


def test_an_access_token_never_outlives_its_session() -> None:
    session, _ = fresh()
    assert access_lifetime(session, NOW) == ACCESS_LIFETIME
    assert access_lifetime(session, session.expire_time - SECOND) == SECOND


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_successor_is_found_with_its_predecessor_alone(one: bytes, other: bytes) -> None:
    sealed = RefreshSecret(one).seal(RefreshSecret(other))
    assert RefreshSecret(one).unseal(sealed).raw == other
    assert sealed != other
    if one != other:
        assert RefreshSecret(other).unseal(sealed).raw != other


@given(st.binary(min_size=32, max_size=32))
def test_a_token_has_one_spelling(raw: bytes) -> None:
    secret = RefreshSecret(raw)
    assert RefreshSecret.parse(secret.text) == secret
    assert RefreshSecret.parse(secret.text + "=") is None
    assert secret.text not in repr(secret)
    assert repr(raw) not in repr(secret)


@pytest.mark.parametrize("text", ["", "a", "é" * 43, "A" * 42, "A" * 44, "+" * 43, "x" * 100_000])
def test_what_was_never_a_token_is_none(text: str) -> None:
    assert RefreshSecret.parse(text) is None
