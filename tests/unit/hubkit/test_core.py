"""Ids, callers, roles, pages and waits."""

import itertools
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hubkit.core.caller import Caller, caller_or_none, current_caller, use_caller
from hubkit.core.errors import InvalidArgument, Unauthenticated
from hubkit.core.ids import check_id, new_id
from hubkit.core.paging import BadPageToken, PageTokens, page_size
from hubkit.core.permissions import ROLES, permissions_of
from hubkit.core.retry import LONGEST_DELAY_S, delay_s

TOKENS = PageTokens(b"k" * 32)


def test_ids_are_version_7_and_sort_by_time() -> None:
    ids = [new_id() for _ in range(100)]
    assert all(uuid.UUID(each).version == 7 for each in ids)
    assert ids == sorted(ids)


def test_an_id_is_given_in_lower_case() -> None:
    assert check_id("01890A5D-AC96-774B-BCCE-B302099A8057", "id") == (
        "01890a5d-ac96-774b-bcce-b302099a8057"
    )


@pytest.mark.parametrize(
    "value",
    ["", "x", "01890a5dac96774bbcceb302099a8057", "{01890a5d-ac96-774b-bcce-b302099a8057}",
     "urn:uuid:01890a5d-ac96-774b-bcce-b302099a8057", "01890a5d-ac96-774b-bcce-b302099a8057\n"],
)  # fmt: skip
def test_what_is_no_id_is_refused_by_field(value: str) -> None:
    with pytest.raises(InvalidArgument) as caught:
        check_id(value, "document_id")
    assert caught.value.field == "document_id"


def test_nobody_calls_outside_of_a_call() -> None:
    caller = Caller(new_id(), new_id(), None, None, "VIEWER", frozenset())
    with use_caller(caller):
        assert current_caller() is caller
    assert caller_or_none() is None
    with pytest.raises(Unauthenticated):
        current_caller()


def test_each_role_may_all_that_lower_roles_may() -> None:
    for lower, higher in itertools.pairwise(ROLES):
        assert permissions_of(lower) <= permissions_of(higher)
    assert permissions_of("VIEWER") == {"DOCUMENTS_READ", "USERS_READ", "TENANT_READ"}
    assert "DOCUMENTS_DELETE" not in permissions_of("REVIEWER")
    assert "DOCUMENTS_DELETE" in permissions_of("MANAGER")
    assert permissions_of("EMPEROR") == frozenset()


@given(st.lists(st.text()), st.binary())
def test_a_page_token_gives_its_cursor_back(cursor: list[str], bound_to: bytes) -> None:
    try:
        token = TOKENS.seal(tuple(cursor), bound_to)
    except UnicodeEncodeError:  # lone surrogates are no text
        return
    if len(token) <= 4096:
        assert TOKENS.open(token, bound_to) == tuple(cursor)


@given(st.binary(max_size=64), st.integers(min_value=0))
def test_a_page_token_opens_nowhere_else(other: bytes, at: int) -> None:
    token = TOKENS.seal(("a", "b"), b"list")
    if other != b"list":
        with pytest.raises(BadPageToken):
            TOKENS.open(token, other)
    at %= len(token)
    changed = token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :]
    with pytest.raises(BadPageToken):
        TOKENS.open(changed, b"list")
    with pytest.raises(BadPageToken):
        PageTokens(b"j" * 32).open(token, b"list")


@pytest.mark.parametrize("token", ["", "%%%", "ก", "AAAA", "A" * 5000])
def test_what_is_no_page_token_is_refused(token: str) -> None:
    with pytest.raises(BadPageToken) as caught:
        TOKENS.open(token, b"list")
    assert caught.value.field == "page_token"


def test_page_sizes() -> None:
    assert [page_size(n) for n in (0, 1, 200, 201, 2**31 - 1)] == [50, 1, 200, 200, 200]
    with pytest.raises(InvalidArgument):
        page_size(-1)


@given(st.integers(min_value=-5, max_value=10**9), st.floats(min_value=0, max_value=0.999))
def test_waits_grow_and_stay_bounded(attempt: int, random01: float) -> None:
    assert 0.5 <= delay_s(attempt, random01) <= LONGEST_DELAY_S
    assert delay_s(attempt, random01) <= delay_s(attempt + 1, random01)
