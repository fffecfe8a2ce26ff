"""API keys: what they are made of, and what they may be made for."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from hubkit.core.errors import InvalidArgument, PermissionDenied
from hubkit.core.permissions import KEY_SCOPES

SECRET_BYTES: Final = 32
MARK: Final = "dochub_"
"""Every key begins so, that scanners of code find one that was left there."""
_SHOWN: Final = len(MARK) + 6
_LONGEST_DAYS: Final = 366
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is kept of a key.

    Attributes:
        id: Made by us; stands in its tokens.
        prefix: How its secret begins.
        display_name: For people.
        scopes: What it may do.
        creator_id: Who made it.
        create_time: When.
        expire_time: When it ends.
        last_use_time: When it was last exchanged.
        revoke_time: When it was withdrawn.
    """

    id: str
    prefix: str
    display_name: str
    scopes: tuple[str, ...]
    creator_id: str
    create_time: datetime
    expire_time: datetime
    last_use_time: datetime | None = None
    revoke_time: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Tell whether it still counts."""
        return self.revoke_time is None and now < self.expire_time


def key_text(random: bytes) -> str:
    """Write a key's secret."""
    return MARK + urlsafe_b64encode(random).rstrip(b"=").decode()


def key_digest(text: str) -> bytes:
    """Give what is kept of a secret, which is random enough to need no slow hash."""
    return hashlib.sha256(f"api key\0{text}".encode()).digest()


def new_key(
    key_id: str,
    text: str,
    *,
    display_name: str,
    scopes: Iterable[str],
    lifetime_days: int,
    creator_id: str,
    creator_may: frozenset[str],
    now: datetime,
) -> ApiKey:
    """Make a key.

    Raises:
        InvalidArgument: Name, scopes or lifetime are none.
        PermissionDenied: It would do more than its maker may.
    """
    name = display_name.strip()
    if not name or len(name) > _LONGEST_NAME:
        raise InvalidArgument(
            f"display_name must have 1 to {_LONGEST_NAME} characters", field="display_name"
        )
    wanted = tuple(sorted(set(scopes)))
    if not wanted or not KEY_SCOPES.issuperset(wanted):
        raise InvalidArgument(
            f"scopes must be some of {', '.join(sorted(KEY_SCOPES))}", field="scopes"
        )
    if not creator_may.issuperset(wanted):
        raise PermissionDenied("a key cannot do more than whoever makes it")
    if not 1 <= lifetime_days <= _LONGEST_DAYS:
        raise InvalidArgument(f"lifetime_days must be 1 to {_LONGEST_DAYS}", field="lifetime_days")
    end = now + timedelta(days=lifetime_days)
    return ApiKey(key_id, text[:_SHOWN], name, wanted, creator_id, now, end)
