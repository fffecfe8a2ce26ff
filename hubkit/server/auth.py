"""Who calls, proved by a signed token, and whether the contract lets them.

Only EdDSA is taken, with a key from the mesh's own file found by its id; what a token's header says
of other keys or algorithms is not followed but refused.
"""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import jwt
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from hubkit.core.caller import Caller, use_caller
from hubkit.core.errors import HubError, PermissionDenied, PreconditionFailed, Unauthenticated
from hubkit.core.ids import check_id
from hubkit.core.permissions import (
    KEY_SCOPES,
    PUBLIC,
    SERVICE_PERMISSIONS,
    SIGNED_IN,
    permissions_of,
)
from hubkit.server.app import Method
from hubkit.server.call import Call, Proceed
from hubkit.server.revocations import Revocations
from hubkit.tokens import (
    IDENTITY,
    PERSON_AUDIENCE,
    PERSON_ISSUER,
    PERSON_TOKEN_S,
    PERSON_TYPE,
    SERVICE_PREFIX,
    SERVICE_TOKEN_S,
    SERVICE_TYPE,
)

SKEW_S: Final = 30
"""By how much clocks may differ."""
_CACHED_TOKENS: Final = 4096
_LONGEST_TOKEN: Final = 4096
_HEADER: Final = frozenset({"alg", "typ", "kid"})
_log: Final = structlog.get_logger("hubkit.server")


@dataclass(frozen=True, slots=True)
class _Key:
    issuer: str
    public: Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class _Known:
    caller: Caller
    expires_at: float


class TokenVerifier:
    """Checks tokens for one service.

    Args:
        jwks_file: Public keys of the mesh; read again whenever the file changes.
        service: The short name that service tokens must be made out to.

    Raises:
        PreconditionFailed: The file cannot be used.
    """

    def __init__(self, jwks_file: Path, service: str) -> None:
        self._file = jwks_file
        self._audience = SERVICE_PREFIX + service
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        self._keys = _read_keys(jwks_file)
        self._version = _version(jwks_file)

    def verify(self, token: str) -> Caller:
        """Tell whose token it is.

        Raises:
            Unauthenticated: It proves nothing.
        """
        self._reread()
        digest = hashlib.sha256(token.encode()).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._check(token)
            self._known[digest] = known
            if len(self._known) > _CACHED_TOKENS:
                self._known.popitem(last=False)
        elif known.expires_at <= time.time():
            del self._known[digest]
            raise Unauthenticated("the token has expired; get a new one")
        return known.caller

    def _reread(self) -> None:
        version = _version(self._file)
        if version in {self._version, None}:
            # A file that is gone for the moment leaves the keys as they were.
            return
        self._version = version
        try:
            self._keys = _read_keys(self._file)
        except PreconditionFailed as error:
            _log.error("key file cannot be used, the former keys stay", problem=str(error))
            return
        self._known.clear()

    def _check(self, token: str) -> _Known:
        if len(token) > _LONGEST_TOKEN:
            raise Unauthenticated("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            key = self._keys.get(str(header.get("kid")))
            if key is None or set(header) != _HEADER:
                raise Unauthenticated("the token is not signed by anybody known here")
            person = header["typ"] == PERSON_TYPE
            if not person and header["typ"] != SERVICE_TYPE:
                raise Unauthenticated("the token is of another kind")
            issuer = PERSON_ISSUER if person else SERVICE_PREFIX + key.issuer
            claims = jwt.decode(
                token,
                key.public,
                algorithms=["EdDSA"],
                audience=PERSON_AUDIENCE if person else self._audience,
                issuer=issuer,
                leeway=SKEW_S,
                options={"require": ["exp", "iat", "iss", "aud", "sub"], "strict_aud": True},
            )
        except jwt.ExpiredSignatureError:
            raise Unauthenticated("the token has expired; get a new one") from None
        except (jwt.PyJWTError, ValueError):
            raise Unauthenticated("the token is not valid here") from None
        if person and key.issuer != IDENTITY:
            raise Unauthenticated("the token is not signed by anybody known here")
        longest = PERSON_TOKEN_S if person else SERVICE_TOKEN_S
        if claims["exp"] - claims["iat"] > longest:
            raise Unauthenticated(f"the token is made out for longer than {longest} seconds")
        expires_at = claims["exp"] + SKEW_S
        if person:
            caller = _key_holder(claims) if "scp" in claims else _person(claims)
        else:
            caller = _service(claims, key.issuer)
        return _Known(replace(caller, expires_at=expires_at), expires_at)


class Authorizer:
    """The layer that lets a call in only to those who may make it.

    Args:
        verifier: Checks tokens.
        revocations: What is known of those that no longer count; None where nobody tells.
    """

    def __init__(self, verifier: TokenVerifier, revocations: Revocations | None = None) -> None:
        self._verifier = verifier
        self._revocations = revocations

    async def authorize(self, call: Call, proceed: Proceed) -> object:
        """Find out who calls, hold them to the contract, and work as them.

        Raises:
            Unauthenticated: No valid token came along, where one is needed.
            TokenRevoked: The token no longer counts, or ceased to while its stream went on.
            PermissionDenied: The caller may not do this.
        """
        if call.method.permission == PUBLIC:
            return await proceed()
        scheme, _, token = call.metadata.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("sign in: this call needs a token")
        caller = self._verifier.verify(token.strip())
        call.caller = caller
        # A service's token lasts a minute and follows no session.
        revocations = self._revocations if caller.service is None else None
        if revocations is not None:
            await revocations.demand(caller)
        _demand(caller, call.method)
        async with _working_as(caller, call.method, revocations):
            return await proceed()


@asynccontextmanager
async def _working_as(
    caller: Caller, method: Method, revocations: Revocations | None
) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        stack.enter_context(use_caller(caller))
        if method.endless:
            await stack.enter_async_context(_until_expired(caller))
        if method.streams and revocations is not None:
            await stack.enter_async_context(revocations.watching(caller))
        yield


@asynccontextmanager
async def _until_expired(caller: Caller) -> AsyncIterator[None]:
    """End a stream without end with the token that opened it; another token takes it up again."""
    try:
        async with asyncio.timeout(max(0.0, caller.expires_at - time.time())) as limit:
            yield
    except TimeoutError:
        if not limit.expired():
            raise
        raise Unauthenticated("the token has expired; watch again with a new one") from None


def _demand(caller: Caller, method: Method) -> None:
    if method.permission == SIGNED_IN:
        if caller.service is None and caller.person_id is not None:
            return
        raise PermissionDenied("this is for people only")
    if method.permission not in caller.permissions:
        raise PermissionDenied(
            f"this needs the permission {method.permission}; ask an administrator for it",
            permission=method.permission,
        )


def _person(claims: dict[str, Any]) -> Caller:
    role = _text(claims, "role")
    return Caller(
        tenant_id=_id(claims, "tid"),
        person_id=_id(claims, "sub"),
        session_id=_id(claims, "sid"),
        service=None,
        role=role,
        permissions=permissions_of(role),
        epoch=_number(claims, "ep"),
    )


def _key_holder(claims: dict[str, Any]) -> Caller:
    scopes = claims["scp"]
    if not isinstance(scopes, list) or claims["sub"] != claims.get("sid"):
        raise Unauthenticated("the token's scopes are no list")
    return Caller(
        tenant_id=_id(claims, "tid"),
        person_id=None,
        session_id=_id(claims, "sid"),
        service=None,
        role=None,
        permissions=KEY_SCOPES.intersection(str(scope) for scope in scopes),
    )


def _service(claims: dict[str, Any], name: str) -> Caller:
    if claims["sub"] != name:
        raise Unauthenticated("the token names another service than the one that signed it")
    acting_for = claims.get("act")
    return Caller(
        tenant_id=_id(claims, "tid") if "tid" in claims else "",
        person_id=_id(acting_for, "sub") if isinstance(acting_for, dict) else None,
        session_id=None,
        service=name,
        role=None,
        permissions=SERVICE_PERMISSIONS,
    )


def _id(claims: dict[str, Any], name: str) -> str:
    try:
        return check_id(_text(claims, name), name)
    except HubError:
        raise Unauthenticated(f"the token's {name} is no id") from None


def _text(claims: dict[str, Any], name: str) -> str:
    value = claims.get(name)
    if not isinstance(value, str):
        raise Unauthenticated(f"the token lacks {name}")
    return value


def _number(claims: dict[str, Any], name: str) -> int:
    value = claims.get(name, 0)
    if not isinstance(value, int):
        raise Unauthenticated(f"the token's {name} is no number")
    return value


def _version(path: Path) -> tuple[int, int, int] | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_size, stat.st_ino


def _read_keys(path: Path) -> dict[str, _Key]:
    try:
        entries = json.loads(path.read_bytes())["keys"]
        keys = {str(entry["kid"]): _key(entry) for entry in entries}
    except OSError as error:
        raise PreconditionFailed(f"can't read the key set {path}: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, jwt.PyJWTError):
        raise PreconditionFailed(f"{path} is no key set of Ed25519 keys with issuers") from None
    if not keys:
        raise PreconditionFailed(f"{path} holds no key")
    return keys


def _key(entry: dict[str, Any]) -> _Key:
    public = OKPAlgorithm.from_jwk(entry)
    if not isinstance(public, Ed25519PublicKey):
        raise TypeError("not the public part of an Ed25519 key")
    return _Key(str(entry["issuer"]), public)
