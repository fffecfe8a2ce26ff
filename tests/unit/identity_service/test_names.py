"""One spelling for people, tenants, passwords and sources."""

import pytest

from hubkit.core.errors import HubError, InvalidArgument
from identity_service.domain.names import (
    email_of,
    new_password_of,
    password_of,
    slug_of,
    source_of,
)
from identity_service.engine.common import is_common


def test_an_address_is_found_however_it_is_typed() -> None:
    assert email_of("  Ann@Example.COM ") == "ann@example.com"
    assert email_of("e\u0301@example.com") == email_of("\u00e9@example.com")


@pytest.mark.parametrize(
    "text", ["", "ann", "@", "a@", "a@b@c", "a b@c.de", "a\0@b.c", "x" * 251 + "@b.c"]
)
def test_what_is_no_address_is_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidArgument) as failure:
        email_of(text)
    assert failure.value.field == "email"


@pytest.mark.parametrize("text", ["", "-a", "a-", "a_b", "ก", "a" * 64, "a.b"])
def test_what_is_no_slug_is_refused_by_field(text: str) -> None:
    with pytest.raises(InvalidArgument) as failure:
        slug_of(text)
    assert failure.value.field == "tenant_slug"
    assert slug_of(" Acme-2 ") == "acme-2"


def test_a_password_is_the_same_from_every_keyboard() -> None:
    assert password_of("cafe\u0301") == password_of("caf\u00e9")


@pytest.mark.parametrize("text", ["", "x" * 1025])
def test_a_password_that_cannot_be_hashed_is_refused(text: str) -> None:
    with pytest.raises(HubError, match="1 to 1024"):
        password_of(text)


def test_a_new_password_must_be_long() -> None:
    with pytest.raises(InvalidArgument, match="at least 12"):
        new_password_of("eleven char", is_common, "")


@pytest.mark.parametrize(
    "text",
    [
        "passwordpassword",
        "1q2w3e4r5t6y",
        "Password1234!",
        "111111111111",
        "abababababab",
        "annabel.lee99",
    ],
)
def test_a_new_password_is_none_that_others_try_first(text: str) -> None:
    with pytest.raises(InvalidArgument, match="among the first"):
        new_password_of(text, is_common, "annabel.lee@example.com")


@pytest.mark.parametrize("text", ["correct horse battery staple", "ข้าวผัดกุ้งสองจาน", "x7#Kq2!vLp9z"])
def test_a_good_password_is_taken(text: str) -> None:
    assert new_password_of(text, is_common, "annabel.lee@example.com")


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("203.0.113.7", "203.0.113.7"),
        (" 203.0.113.7 ", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::1", "2001:db8:1:2::/64"),
        ("[::1]", "::/64"),
        ("", None),
        ("unknown", None),
        ("203.0.113.7:80", None),
    ],
)
def test_a_source_is_a_subscriber(address: str, source: str | None) -> None:
    assert source_of(address) == source
