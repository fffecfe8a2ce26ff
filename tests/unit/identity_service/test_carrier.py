"""How a refresh token travels, and where a call comes from."""

from datetime import UTC, datetime, timedelta

import pytest

from hubkit.core.errors import PermissionDenied, Unauthenticated
from identity_service.convert.carrier import COOKIE, METADATA, Arrival, Metadata, arrival_of
from identity_service.domain.session import RefreshSecret

ORIGIN = "https://hub.example.com"
SECRET = RefreshSecret(bytes(range(32)))
PEER = "ipv4:192.0.2.9:4711"
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def arrive(*pairs: tuple[str, str | bytes], peer: str = PEER) -> Arrival:
    metadata: Metadata = pairs
    return arrival_of(metadata, peer, {ORIGIN})


def test_a_browser_gets_a_cookie_that_scripts_and_other_sites_cannot_use() -> None:
    key, value = arrive(("origin", ORIGIN)).handed_out(SECRET, NOW + timedelta(days=7), NOW)
    name, *attributes = value.split("; ")
    assert key == "set-cookie"
    assert name == f"{COOKIE}={SECRET.text}"
    assert set(attributes) == {"Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"}


def test_others_get_metadata() -> None:
    assert arrive().handed_out(SECRET, NOW, NOW) == (METADATA, SECRET.text)
    assert arrive().taken_back() == ()


def test_a_browser_presents_its_cookie_among_others() -> None:
    pairs = [("origin", ORIGIN), ("cookie", f"a=b; {COOKIE}={SECRET.text}"), ("cookie", "c=d")]
    assert arrive(*pairs).presented() == SECRET


@pytest.mark.parametrize(
    "pairs",
    [
        [],
        [("cookie", f"{COOKIE}={SECRET.text}")],  # a cookie without an Origin
        [("origin", ORIGIN)],
        [("origin", ORIGIN), ("cookie", f"{COOKIE}={SECRET.text}; {COOKIE}=other")],
        [(METADATA, SECRET.text), (METADATA, "other")],
        [(METADATA, "not a token")],
    ],
)
def test_no_token_or_more_than_one_is_refused(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(Unauthenticated):
        arrive(*pairs).presented()


@pytest.mark.parametrize(
    "pairs",
    [
        [("origin", "https://evil.example")],
        [("origin", "null")],
        [("origin", ORIGIN), ("origin", "https://evil.example")],
        [("origin", ORIGIN), (METADATA, SECRET.text)],
    ],
)
def test_foreign_pages_and_tokens_in_a_pages_reach_are_refused(
    pairs: list[tuple[str, str]],
) -> None:
    with pytest.raises(PermissionDenied):
        arrive(*pairs)


@pytest.mark.parametrize(
    ("pairs", "peer", "source"),
    [
        ([], PEER, "192.0.2.9"),
        ([], "ipv6:%5B2001:db8::1%5D:4711", "2001:db8::/64"),
        ([], "unix:/run/socket", "local"),
        ([("x-forwarded-for", "198.51.100.1, 203.0.113.7")], PEER, "203.0.113.7"),
        ([("x-forwarded-for", "garbage")], PEER, "192.0.2.9"),
        (
            [("x-forwarded-for", "203.0.113.7"), ("x-envoy-external-address", "203.0.113.8")],
            PEER,
            "203.0.113.8",
        ),
    ],
)
def test_what_the_gateway_wrote_last_tells_the_source(
    pairs: list[tuple[str, str]], peer: str, source: str
) -> None:
    assert arrive(*pairs, peer=peer).source == source
