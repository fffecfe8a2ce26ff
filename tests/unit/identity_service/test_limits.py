"""How often signing in may be tried."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from identity_service.domain.throttle import PER_ACCOUNT, PER_SOURCE, Limit, wait_for, within

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)


def seconds(*values: float) -> tuple[datetime, ...]:
    return tuple(NOW + timedelta(seconds=value) for value in values)


def admitted(limit: Limit, arrivals: list[float]) -> list[datetime]:
    """Play tries at these moments, each after the one before."""
    tries: tuple[datetime, ...] = ()
    let_in = []
    for at in sorted(arrivals):
        now = NOW + timedelta(seconds=at)
        if wait_for(limit, tries, now) == timedelta(0):
            tries = (*within(limit, tries, now), now)
            let_in.append(now)
    return let_in


def test_the_first_tries_wait_for_nothing() -> None:
    assert admitted(PER_ACCOUNT, [0] * 8) == [NOW] * PER_ACCOUNT.free


def test_each_further_try_waits_twice_as_long() -> None:
    tries: tuple[datetime, ...] = (NOW,) * PER_ACCOUNT.free
    waits = []
    now = NOW
    for _ in range(PER_ACCOUNT.most - PER_ACCOUNT.free):
        wait = wait_for(PER_ACCOUNT, tries, now)
        waits.append(wait.total_seconds())
        now += wait
        assert wait_for(PER_ACCOUNT, tries, now) == timedelta(0)
        tries = (*tries, now)
    assert waits == [1, 2, 4, 8, 16]
    assert wait_for(PER_ACCOUNT, tries, now) == NOW + PER_ACCOUNT.window - now


def test_waiting_as_long_as_told_lets_the_next_try_in() -> None:
    tries = seconds(*range(30))
    now = NOW + timedelta(seconds=30)
    wait = wait_for(PER_SOURCE, tries, now)
    assert wait == timedelta(seconds=30)
    assert wait_for(PER_SOURCE, tries, now + wait) == timedelta(0)


@given(st.lists(st.floats(0, 4000), max_size=200), st.sampled_from([PER_ACCOUNT, PER_SOURCE]))
def test_no_stretch_of_the_window_holds_more_than_the_limit(
    arrivals: list[float], limit: Limit
) -> None:
    let_in = admitted(limit, arrivals)
    for first in let_in:
        inside = [time for time in let_in if first <= time < first + limit.window]
        assert len(inside) <= limit.most
