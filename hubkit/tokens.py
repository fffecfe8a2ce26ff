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

ANNOUNCED_S: Final = 60.0
"""How long a new key is published before it signs: longer than anybody keeps a key set."""
RETIRED_S: Final = PERSON_TOKEN_S + 120.0
"""How long an old key is published after its last signature."""
PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700


class Signer:
    """Signs tokens as one service.

    Args:
        key: Its private key.
        issuer: Its short name, such as `identity` or `document`.
        file: Where the key came from: when another takes its place, that one signs.
    """

    def __init__(self, key: Ed25519PrivateKey, issuer: str, file: Path | None = None) -> None:
        self._key = key
        self._issuer = issuer
        self._kid = _key_id(key, issuer)
        self._file = file
        self._version = _version(file)

    @classmethod
    def from_file(cls, path: Path, issuer: str) -> "Signer":
        """Load a key from its PEM file.

        Raises:
            PreconditionFailed: It is missing, unreadable or no Ed25519 key.
        """
        return cls(_load_key(path), issuer, path)

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
        self._reread()
        now = int(time.time())
        times = {"iat": now, "exp": now + lifetime_s, "jti": new_id()}
        return jwt.encode(claims | times, self._key, "EdDSA", {"typ": typ, "kid": self._kid})

    def _reread(self) -> None:
        version = _version(self._file)
        if self._file is None or version in {self._version, None}:
            return
        try:
            key = _load_key(self._file)
        except PreconditionFailed:
            return  # half a change: the former key is good for a while yet
        self._key, self._kid, self._version = key, _key_id(key, self._issuer), version


def generate_keys(keys_dir: Path, jwks_dir: Path, issuers: Iterable[str]) -> None:
    """Make the keys that are missing, and the key sets of all.

    Writes `<issuer>.pem` for each issuer, `edge.json` with the key of `identity`, for the gateway,
    and `mesh.json` with everybody's, for the services. A key that is there stays; one that is to
    sign soon, or signed until lately, is in the sets too.

    Raises:
        PreconditionFailed: A key file is there and cannot be used.
    """
    keys_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    jwks_dir.mkdir(parents=True, exist_ok=True)
    mesh = []
    for issuer in issuers:
        path = keys_dir / f"{issuer}.pem"
        if not path.exists():
            replace_file(path, _new_pem(), PRIVATE_FILE)
        mesh += [_public_jwk(_load_key(file), issuer) for file in _key_files(path)]
    edge = [jwk for jwk in mesh if jwk["issuer"] == IDENTITY]
    replace_file(jwks_dir / "edge.json", json.dumps({"keys": edge}).encode(), 0o644)
    replace_file(jwks_dir / "mesh.json", json.dumps({"keys": mesh}).encode(), 0o644)


def rotate_keys(keys_dir: Path, jwks_dir: Path, issuers: Iterable[str], now: float) -> str:
    """Take the next step in changing the keys, if it is due; tells which, and when to come again.

    A new key is published before it signs, and an old one stays published until all that it signed
    has run out. So no token is ever signed by a key that somebody does not know.

    Args:
        keys_dir: Where the keys are.
        jwks_dir: Where the key sets are.
        issuers: Whose keys.
        now: The time, in seconds since 1970.
    """
    names = tuple(issuers)
    current = [keys_dir / f"{name}.pem" for name in names]
    upcoming = [path.with_suffix(".next.pem") for path in current]
    former = [path.with_suffix(".old.pem") for path in current]
    if any(path.exists() for path in upcoming):
        wait_s = ANNOUNCED_S - (now - max(p.stat().st_mtime for p in upcoming if p.exists()))
        if wait_s > 0:
            return f"the new keys are published; they can sign in {wait_s:.0f} s"
        for path, new, old in zip(current, upcoming, former, strict=True):
            if new.exists():
                replace_file(old, path.read_bytes(), PRIVATE_FILE)
                new.replace(path)
        step = f"the new keys sign; come again in {RETIRED_S:.0f} s to withdraw the old ones"
    elif any(path.exists() for path in former):
        wait_s = RETIRED_S - (now - max(p.stat().st_mtime for p in former if p.exists()))
        if wait_s > 0:
            return f"the old keys are still needed; they can be withdrawn in {wait_s:.0f} s"
        for path in former:
            path.unlink(missing_ok=True)
        step = "the old keys are withdrawn: the rotation is done"
    else:
        for path in upcoming:
            replace_file(path, _new_pem(), PRIVATE_FILE)
        step = f"new keys are published; come again in {ANNOUNCED_S:.0f} s to let them sign"
    generate_keys(keys_dir, jwks_dir, names)
    return step


def ensure_data_key(keys_dir: Path, service: str) -> Path:
    """Make the secret that seals what a service keeps, unless it is there; gives its file.

    It is no signing key and is never rotated: what was sealed must open again.
    """
    path = keys_dir / f"{service}-data.key"
    if not path.exists():
        keys_dir.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
        replace_file(path, f"{secrets.token_hex(32)}\n".encode(), PRIVATE_FILE)
    return path


def _key_files(path: Path) -> list[Path]:
    """Give the files of an issuer's keys that are published: before it signs, while, and after."""
    beside = (path.with_suffix(".next.pem"), path.with_suffix(".old.pem"))
    return [path, *(one for one in beside if one.exists())]


def _new_pem() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )


def _version(path: Path | None) -> tuple[int, int] | None:
    try:
        stat = path.stat() if path is not None else None
    except OSError:
        return None
    return None if stat is None else (stat.st_mtime_ns, stat.st_ino)


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


def replace_file(path: Path, content: bytes, mode: int) -> None:
    """Write a file whole or not at all: others read it at any moment."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
