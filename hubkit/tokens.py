"""Signing: the keys of the mesh, and the tokens of people and services.

Everybody who signs has one Ed25519 key. The public keys lie in a JWKS file in which each key names
the one issuer it may sign for, so that a service's key cannot make a person's token.
"""

import hashlib
import hmac
import json
import os
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from hubkit.core.errors import PreconditionFailed
from hubkit.core.ids import new_id

PERSON_ISSUER: Final = "dochub-identity"
PERSON_AUDIENCE: Final = "dochub"
PERSON_TYPE: Final = "at+jwt"
PERSON_TOKEN_S: Final = 600
SERVICE_PREFIX: Final = "dochub-service:"
SERVICE_TYPE: Final = "st+jwt"
SERVICE_TOKEN_S: Final = 60
IDENTITY: Final = "identity"
"""The service that alone may sign for people."""

PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700


class Signer:
    """Signs tokens as one service.

    Args:
        key: Its private key.
        issuer: Its short name, such as `identity` or `document`.
    """

    def __init__(self, key: Ed25519PrivateKey, issuer: str) -> None:
        self._key = key
        self._issuer = issuer
        self._kid = _key_id(key, issuer)

    @classmethod
    def from_file(cls, path: Path, issuer: str) -> "Signer":
        """Load a key from its PEM file.

        Raises:
            PreconditionFailed: It is missing, unreadable or no Ed25519 key.
        """
        return cls(_load_key(path), issuer)

    def person_token(
        self,
        *,
        person_id: str,
        tenant_id: str,
        session_id: str,
        role: str,
        epoch: int = 0,
        lifetime_s: int = PERSON_TOKEN_S,
    ) -> str:
        """Make the access token of a person; only `identity` may."""
        self._demand_identity()
        claims: dict[str, object] = {
            "iss": PERSON_ISSUER,
            "aud": PERSON_AUDIENCE,
            "sub": person_id,
            "tid": tenant_id,
            "sid": session_id,
            "role": role,
        }
        if epoch:
            claims["ep"] = epoch
        return self._sign(claims, PERSON_TYPE, lifetime_s)

    def key_token(
        self, *, key_id: str, tenant_id: str, scopes: Iterable[str], lifetime_s: int
    ) -> str:
        """Make the access token of whoever holds an API key; only `identity` may."""
        self._demand_identity()
        claims: dict[str, object] = {
            "iss": PERSON_ISSUER,
            "aud": PERSON_AUDIENCE,
            "sub": key_id,
            "sid": key_id,
            "tid": tenant_id,
            "scp": sorted(scopes),
        }
        return self._sign(claims, PERSON_TYPE, lifetime_s)

    def _demand_identity(self) -> None:
        if self._issuer != IDENTITY:
            raise ValueError(f"{self._issuer} may not sign for people")

    def service_token(
        self, audience: str, tenant_id: str | None = None, person_id: str | None = None
    ) -> str:
        """Make a token for one call to another service.

        Args:
            audience: Short name of the service called.
            tenant_id: The tenant on whose data it works, where there is one.
            person_id: The person it acts for, where there is one.
        """
        claims: dict[str, object] = {
            "iss": SERVICE_PREFIX + self._issuer,
            "aud": SERVICE_PREFIX + audience,
            "sub": self._issuer,
        }
        if tenant_id:
            claims["tid"] = tenant_id
        if person_id:
            claims["act"] = {"sub": person_id}
        return self._sign(claims, SERVICE_TYPE, SERVICE_TOKEN_S)

    def derive_key(self, purpose: str) -> bytes:
        """Give 32 secret bytes for another purpose, the same in every replica of the service."""
        raw = self._key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return hmac.digest(raw, b"dochub derived key\0" + purpose.encode(), hashlib.sha256)

    def _sign(self, claims: dict[str, object], typ: str, lifetime_s: int) -> str:
        now = int(time.time())
        times = {"iat": now, "exp": now + lifetime_s, "jti": new_id()}
        return jwt.encode(claims | times, self._key, "EdDSA", {"typ": typ, "kid": self._kid})


def generate_keys(keys_dir: Path, jwks_dir: Path, issuers: Iterable[str]) -> None:
    """Make the keys that are missing, and the key sets of all.

    Writes `<issuer>.pem` for each issuer, `edge.json` with the key of `identity`, for the gateway,
    and `mesh.json` with everybody's, for the services. A key that is there stays.

    Raises:
        PreconditionFailed: A key file is there and cannot be used.
    """
    keys_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    jwks_dir.mkdir(parents=True, exist_ok=True)
    mesh = []
    for issuer in issuers:
        path = keys_dir / f"{issuer}.pem"
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
            )
            _replace(path, pem, PRIVATE_FILE)
        mesh.append(_public_jwk(_load_key(path), issuer))
    edge = [jwk for jwk in mesh if jwk["issuer"] == IDENTITY]
    _replace(jwks_dir / "edge.json", json.dumps({"keys": edge}).encode(), 0o644)
    _replace(jwks_dir / "mesh.json", json.dumps({"keys": mesh}).encode(), 0o644)


def ensure_data_key(keys_dir: Path, service: str) -> Path:
    """Make the secret that seals what a service keeps, unless it is there; gives its file.

    It is no signing key and is never rotated: what was sealed must open again.
    """
    path = keys_dir / f"{service}-data.key"
    if not path.exists():
        keys_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        _replace(path, f"{secrets.token_hex(32)}\n".encode(), PRIVATE_FILE)
    return path


def _load_key(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        raise PreconditionFailed(f"can't read the key {path}: {error.strerror}") from None
    except (ValueError, TypeError):
        raise PreconditionFailed(f"{path} holds no private key without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise PreconditionFailed(f"{path} must hold an Ed25519 key")
    return key


def _public_jwk(key: Ed25519PrivateKey, issuer: str) -> dict[str, str]:
    return {
        "kty": "OKP",
        "crv": "Ed25519",
        "alg": "EdDSA",
        "use": "sig",
        "x": _public_text(key),
        "kid": _key_id(key, issuer),
        "issuer": issuer,
    }


def _key_id(key: Ed25519PrivateKey, issuer: str) -> str:
    """Name a key after its owner and its content, so that a new key has a new name."""
    return f"{issuer}-{hashlib.sha256(_public_text(key).encode()).hexdigest()[:16]}"


def _public_text(key: Ed25519PrivateKey) -> str:
    raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _replace(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all: others read it at any moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
