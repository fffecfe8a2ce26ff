"""Pages of a list: how many rows, and a token that leads to the next ones.

A token holds the last row's sort keys and a MAC over them and over what the list was asked for, so
that nobody can make one up or carry it over to another list, filter or order.
"""

import base64
import binascii
import hashlib
import hmac
import json
from typing import Final

from hubkit.core.errors import HubError, InvalidArgument, Kind

DEFAULT_PAGE_SIZE: Final = 50
MAX_PAGE_SIZE: Final = 200
_MAC_BYTES: Final = 16
_LONGEST_TOKEN: Final = 4096


class BadPageToken(HubError):
    """The token is not one of this list, filter and order."""

    kind = Kind.INVALID
    reason = "BAD_PAGE_TOKEN"


class PageTokens:
    """Makes and reads page tokens.

    Args:
        key: At least 16 secret bytes, the same in every replica of a service.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a page token key needs at least 16 bytes")
        self._key = key

    def seal(self, cursor: tuple[str, ...], bound_to: bytes) -> str:
        """Make the token of the rows after a cursor.

        Args:
            cursor: The sort keys of the last row given.
            bound_to: The RPC, tenant, filter and order; the same bytes for the same list.
        """
        payload = json.dumps(cursor, ensure_ascii=False, separators=(",", ":")).encode()
        return base64.urlsafe_b64encode(self._mac(payload, bound_to) + payload).decode()

    def open(self, token: str, bound_to: bytes) -> tuple[str, ...]:
        """Give the cursor of a token.

        Raises:
            BadPageToken: It was not made for this list by this service.
        """
        refused = BadPageToken(
            "page_token belongs to another list, filter or order; begin again without one",
            field="page_token",
        )
        if len(token) > _LONGEST_TOKEN:
            raise refused
        try:
            sealed = base64.b64decode(token.encode("ascii"), altchars=b"-_", validate=True)
        except (binascii.Error, UnicodeEncodeError):
            raise refused from None
        mac, payload = sealed[:_MAC_BYTES], sealed[_MAC_BYTES:]
        # Base64 spells some bytes in several ways; only our own spelling is a token.
        if base64.urlsafe_b64encode(sealed).decode() != token or not hmac.compare_digest(
            mac, self._mac(payload, bound_to)
        ):
            raise refused
        return tuple(json.loads(payload))

    def _mac(self, payload: bytes, bound_to: bytes) -> bytes:
        # Length first, so that no byte can move from one part to the other.
        message = len(bound_to).to_bytes(8, "big") + bound_to + payload
        return hmac.digest(self._key, message, hashlib.sha256)[:_MAC_BYTES]


def page_size(requested: int) -> int:
    """Give how many rows to return: 50 when none are asked for, never more than 200.

    Raises:
        InvalidArgument: The number is negative.
    """
    if requested < 0:
        raise InvalidArgument("page_size must not be negative", field="page_size")
    return min(requested, MAX_PAGE_SIZE) or DEFAULT_PAGE_SIZE
