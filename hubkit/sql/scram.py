"""Password verifiers made here, so that no password is ever sent in a statement or logged."""

import base64
import hashlib
import hmac
import secrets
from typing import Final

_ITERATIONS: Final = 4096
_SALT_BYTES: Final = 16


def scram_verifier(password: str, salt: bytes | None = None) -> str:
    """Compute what PostgreSQL stores for a password; `ALTER ROLE … PASSWORD` takes it as it is.

    Args:
        password: ASCII; other text would need SASLprep first.
        salt: Random unless given.

    Source: RFC 5802 section 3, in PostgreSQL's spelling.
    """
    salt = salt or secrets.token_bytes(_SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ITERATIONS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    parts = [base64.b64encode(part).decode() for part in (salt, stored, server)]
    return f"SCRAM-SHA-256${_ITERATIONS}:{parts[0]}${parts[1]}:{parts[2]}"
