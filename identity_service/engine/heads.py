"""Signed heads of audit trails: what proves later that no event was cut off."""

from datetime import datetime
from typing import Final

import jwt

from identity_service.domain.audit import Head
from identity_service.engine.sealing import Sealer

_TYPE: Final = "audit-head+jwt"


class SignedHeads:
    """Signs and reads heads by a key that is drawn from the data key."""

    def __init__(self, sealer: Sealer) -> None:
        self._key = sealer.signing_key("audit heads")

    def sign(self, tenant_id: str, head: Head, now: datetime) -> str:
        """Write a head with a signature."""
        content = {
            "tid": tenant_id,
            "seq": head.seq,
            "hash": head.hash.hex(),
            "iat": int(now.timestamp()),
        }
        return jwt.encode(content, self._key, "EdDSA", {"typ": _TYPE})

    def read(self, text: str) -> tuple[str, Head] | None:
        """Give tenant and head of what was signed here; None for anything else."""
        try:
            if jwt.get_unverified_header(text).get("typ") != _TYPE:
                return None
            content = jwt.decode(
                text,
                self._key.public_key(),
                algorithms=["EdDSA"],
                options={"verify_iat": False},
            )
            return str(content["tid"]), Head(int(content["seq"]), bytes.fromhex(content["hash"]))
        except (jwt.PyJWTError, KeyError, ValueError):
            return None
