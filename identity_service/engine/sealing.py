"""Secrets at rest: sealed under the data key, and keys for other purposes drawn from it."""

import hmac
import secrets
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from hubkit.core.errors import PreconditionFailed

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class Sealer:
    """Seals small secrets; each is bound to what it is for, and opens nowhere else.

    Args:
        key: 32 secret bytes, the same in every replica; unlike keys that sign, it is not rotated.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """Load the data key.

        Raises:
            PreconditionFailed: It cannot be read, or is too short.
        """
        try:
            key = bytes.fromhex(path.read_text().strip())
        except OSError as error:
            raise PreconditionFailed(f"can't read the key {path}: {error.strerror}") from None
        except ValueError:
            key = b""
        if len(key) != _KEY_BYTES:
            raise PreconditionFailed(f"{path} must hold 64 hexadecimal digits")
        return cls(key)

    def seal(self, secret: bytes, purpose: str) -> bytes:
        """Hide a secret."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher(purpose).encrypt(nonce, secret, purpose.encode())

    def open(self, sealed: bytes, purpose: str) -> bytes | None:
        """Give a secret back; None for what was not sealed here for this."""
        try:
            return self._cipher(purpose).decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], purpose.encode()
            )
        except (InvalidTag, ValueError):
            return None

    def signing_key(self, purpose: str) -> Ed25519PrivateKey:
        """Give a key that signs, the same in every replica."""
        return Ed25519PrivateKey.from_private_bytes(self.derived(purpose))

    def derived(self, purpose: str) -> bytes:
        """Give 32 secret bytes for a purpose."""
        return hmac.digest(self._key, b"dochub data key\0" + purpose.encode(), sha256)

    def _cipher(self, purpose: str) -> AESGCM:
        return AESGCM(self.derived(purpose.partition(":")[0]))
