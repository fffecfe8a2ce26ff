"""What people and tenants are called, and where a call comes from, each in one spelling."""

import re
import unicodedata
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address
from typing import Final

from hubkit.core.errors import InvalidArgument

EMAIL_MAX: Final = 254
"""Characters; RFC 5321, section 4.5.3.1.3, with the errata."""
PASSWORD_MIN: Final = 12
"""Characters of a new password; NIST SP 800-63B asks for 8 at least."""
PASSWORD_MAX: Final = 1024

_EMAIL: Final = re.compile(r"[^\s@\x00-\x1f\x7f]+@[^\s@\x00-\x1f\x7f]+")
_SLUG: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_NETWORK_BITS: Final = 64
"""What one subscriber gets of IPv6 at least, so what counts as one source."""


def email_of(text: str) -> str:
    """Give an e-mail address in the spelling by which people are found.

    Raises:
        InvalidArgument: It is no address, or too long.
    """
    email = unicodedata.normalize("NFC", text).strip().lower()
    if len(email) > EMAIL_MAX or not _EMAIL.fullmatch(email):
        raise InvalidArgument(
            f"email must be an address such as name@example.com of at most {EMAIL_MAX} characters",
            field="email",
        )
    return email


def slug_of(text: str) -> str:
    """Give a tenant's slug as it is kept.

    Raises:
        InvalidArgument: It has other characters, or too many.
    """
    slug = text.strip().lower()
    if not _SLUG.fullmatch(slug):
        raise InvalidArgument(
            "a tenant's slug has 1 to 63 letters a-z, digits and dashes, no dash at either end",
            field="tenant_slug",
        )
    return slug


def password_of(text: str, field: str = "password") -> str:
    """Give a password in the form that is hashed: one spelling for all keyboards.

    Raises:
        InvalidArgument: It is empty or too long to be hashed for a stranger.
    """
    if not text or len(text) > PASSWORD_MAX:
        raise InvalidArgument(f"{field} must have 1 to {PASSWORD_MAX} characters", field=field)
    return unicodedata.normalize("NFKC", text)


def new_password_of(
    text: str, is_common: Callable[[str], bool], email: str, field: str = "password"
) -> str:
    """Give a new password in the form that is hashed.

    Args:
        text: As typed.
        is_common: Tells whether everybody would try it first.
        email: Whose it is to be; empty where that is not known.
        field: Where it stands in the request.

    Raises:
        InvalidArgument: It is too short, too long, or easily guessed.
    """
    if len(text) < PASSWORD_MIN:
        raise InvalidArgument(
            f"a password must have at least {PASSWORD_MIN} characters", field=field
        )
    password = password_of(text, field)
    name = email.partition("@")[0]
    if is_common(password) or (name and len(name) * 2 > len(text) and name in password.lower()):
        raise InvalidArgument(
            "this password is among the first that others try; choose another", field=field
        )
    return password


def source_of(address: str) -> str | None:
    """Name the subscriber behind an IP address; None for what is no address."""
    try:
        ip = ip_address(address.strip().strip("[]"))
    except ValueError:
        return None
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped is not None:
            return str(ip.ipv4_mapped)
        network = int(ip) >> (128 - _NETWORK_BITS) << (128 - _NETWORK_BITS)
        return f"{IPv6Address(network)}/{_NETWORK_BITS}"
    return str(ip)
