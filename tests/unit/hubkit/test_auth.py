"""Whose token is taken: forged, stale and foreign ones never are."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from dochub.identity.v1 import auth_service_pb2 as auth_pb
from dochub.identity.v1 import auth_service_pb2_grpc as auth_grpc
from hubkit.core.errors import HubError, PreconditionFailed, Unauthenticated
from hubkit.core.ids import new_id
from hubkit.server.auth import TokenVerifier
from hubkit.testing.failures import failure, reason
from hubkit.testing.probe import app_of, dialed, engines, pages
from hubkit.testing.tokens import Mesh, bearer, make_mesh
from hubkit.tokens import Signer, generate_keys

Claims = dict[str, Any]


def key_of(mesh: Mesh, name: str) -> Ed25519PrivateKey:
    key = load_pem_private_key((mesh.folder / "keys" / f"{name}.pem").read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    return key


def kid_of(mesh: Mesh, name: str) -> str:
    keys = json.loads(mesh.jwks_file.read_bytes())["keys"]
    return str(next(key["kid"] for key in keys if key["issuer"] == name))


def person(**changes: Any) -> Claims:
    now = int(time.time())
    claims = {
        "iss": "dochub-identity", "aud": "dochub", "sub": new_id(), "tid": new_id(),
        "sid": new_id(), "role": "ADMIN", "iat": now, "exp": now + 600, "jti": new_id(),
    }  # fmt: skip
    return {key: value for key, value in (claims | changes).items() if value is not None}


def service(**changes: Any) -> Claims:
    now = int(time.time())
    claims = {
        "iss": "dochub-service:document", "aud": "dochub-service:ocr", "sub": "document",
        "tid": new_id(), "iat": now, "exp": now + 60,
    }  # fmt: skip
    return {key: value for key, value in (claims | changes).items() if value is not None}


def signed(mesh: Mesh, claims: Claims, by: str = "identity", **header: Any) -> str:
    typ = "at+jwt" if by == "identity" else "st+jwt"
    return jwt.encode(
        claims, key_of(mesh, by), "EdDSA", {"typ": typ, "kid": kid_of(mesh, by)} | header
    )


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def by_hand(header: Claims, claims: Claims, sign: Callable[[bytes], bytes]) -> str:
    body = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(claims).encode())}"
    return f"{body}.{b64(sign(body.encode()))}"


def hs256_with_the_public_key(mesh: Mesh, form: str) -> str:
    public = key_of(mesh, "identity").public_key()
    secret = {
        "raw": public.public_bytes(Encoding.Raw, PublicFormat.Raw),
        "pem": public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "x": b64(public.public_bytes(Encoding.Raw, PublicFormat.Raw)).encode(),
    }[form]
    header = {"alg": "HS256", "typ": "at+jwt", "kid": kid_of(mesh, "identity")}
    return by_hand(header, person(), lambda body: hmac.digest(secret, body, hashlib.sha256))


def foreign_key(mesh: Mesh, **header: Any) -> str:
    kid = {"typ": "at+jwt", "kid": kid_of(mesh, "identity")}
    return jwt.encode(person(), Ed25519PrivateKey.generate(), "EdDSA", kid | header)


def own_jwk() -> Claims:
    raw = Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw)}


def mixed(mesh: Mesh) -> str:
    good, other = signed(mesh, person(role="VIEWER")), signed(mesh, person(role="ADMIN"))
    return f"{other.rpartition('.')[0]}.{good.rpartition('.')[2]}"


def unsigned(mesh: Mesh, algorithm: str) -> str:
    header = {"alg": algorithm, "typ": "at+jwt", "kid": kid_of(mesh, "identity")}
    return by_hand(header, person(), lambda _: b"")


def now() -> int:
    """The time at the test, which may run long after it was collected."""
    return int(time.time())


FORGED: dict[str, Callable[[Mesh], str]] = {
    "empty": lambda _: "",
    "rubbish": lambda _: "rubbish",
    "three rubbish parts": lambda _: "a.b.c",
    "not utf-8 header": lambda _: b64(b"\xff\xfe") + ".e30.e30",
    "header is a list": lambda _: b64(b"[]") + "." + b64(b"{}") + ".",
    "expired": lambda m: signed(m, person(iat=now() - 700, exp=now() - 100)),
    "issued tomorrow": lambda m: signed(m, person(iat=now() + 86400, exp=now() + 86500)),
    "not yet valid": lambda m: signed(m, person(nbf=now() + 120)),
    "valid for a year": lambda m: signed(m, person(exp=now() + 365 * 86400)),
    "exp is a text": lambda m: signed(m, person(exp="never")),
    "without exp": lambda m: signed(m, person(exp=None)),
    "without iat": lambda m: signed(m, person(iat=None)),
    "without tenant": lambda m: signed(m, person(tid=None)),
    "tenant is no id": lambda m: signed(m, person(tid="' or 1=1 --")),
    "tenant is a number": lambda m: signed(m, person(tid=7)),
    "without person": lambda m: signed(m, person(sub=None)),
    "without session": lambda m: signed(m, person(sid=None)),
    "without role": lambda m: signed(m, person(role=None)),
    "wrong audience": lambda m: signed(m, person(aud="elsewhere")),
    "many audiences": lambda m: signed(m, person(aud=["dochub", "elsewhere"])),
    "without audience": lambda m: signed(m, person(aud=None)),
    "wrong issuer": lambda m: signed(m, person(iss="dochub")),
    "wrong type": lambda m: signed(m, person(), typ="JWT"),
    "service type by identity": lambda m: signed(m, person(), typ="st+jwt"),
    "unknown kid": lambda m: signed(m, person(), kid="identity-0000000000000000"),
    "kid is a path": lambda m: signed(m, person(), kid="../../../../dev/null"),
    "kid of another": lambda m: signed(m, person(), kid=kid_of(m, "document")),
    "foreign key": foreign_key,
    "foreign key as jwk": lambda m: foreign_key(m, jwk=own_jwk()),
    "foreign key by jku": lambda m: foreign_key(m, jku="http://127.0.0.1:9/keys"),
    "foreign key by x5u": lambda m: foreign_key(m, x5u="http://127.0.0.1:9/keys"),
    "good key beside jku": lambda m: signed(m, person(), jku="http://127.0.0.1:9/keys"),
    "critical header": lambda m: signed(m, person(), crit=["exp"]),
    "alg none": lambda m: unsigned(m, "none"),
    "alg None": lambda m: unsigned(m, "nOnE"),
    "HS256 with the public key": lambda m: hs256_with_the_public_key(m, "raw"),
    "HS256 with the public PEM": lambda m: hs256_with_the_public_key(m, "pem"),
    "HS256 with the public text": lambda m: hs256_with_the_public_key(m, "x"),
    "cut": lambda m: m.person_token()[:-10],
    "without signature": lambda m: m.person_token().rpartition(".")[0] + ".",
    "other claims under a good signature": mixed,
    "person by document": lambda m: signed(m, person(), by="document", typ="at+jwt"),
    "service for another": lambda m: m.service_token("document", audience="identity"),
    "service in another's name": lambda m: signed(
        m, service(iss="dochub-service:identity", sub="identity"), by="document"
    ),
    "service with another subject": lambda m: signed(m, service(sub="identity"), by="document"),
    "service for an hour": lambda m: signed(m, service(exp=now() + 3600), by="document"),
    "service expired": lambda m: signed(
        m, service(iat=now() - 160, exp=now() - 100), by="document"
    ),
    "service at everybody": lambda m: signed(m, service(aud="dochub"), by="document"),
    "service for no id": lambda m: signed(m, service(tid="x"), by="document"),
}  # fmt: skip


async def test_no_forged_token_is_taken(mesh: Mesh) -> None:
    async with dialed(app_of(), mesh) as channel:
        for name, forge in FORGED.items():
            for call in (engines, pages):
                error = await failure(call(channel, forge(mesh)))
                assert error.code() is grpc.StatusCode.UNAUTHENTICATED, name
                assert reason(error) == "UNAUTHENTICATED", name
        for call in (engines, pages):
            error = await failure(call(channel, None))
            assert error.code() is grpc.StatusCode.UNAUTHENTICATED
            # The same forger's tools make good tokens too, so the refusals mean something.
            await call(channel, signed(mesh, person()))
            await call(channel, signed(mesh, service(), by="document"))


async def test_a_right_that_the_role_lacks_is_denied(mesh: Mesh) -> None:
    async with dialed(app_of(), mesh) as channel:
        for role in ("VIEWER", "EMPEROR"):
            for call in (engines, pages):
                error = await failure(call(channel, mesh.person_token(role)))
                assert error.code() is grpc.StatusCode.PERMISSION_DENIED
                assert reason(error) == "PERMISSION_DENIED"
        await engines(channel, mesh.person_token("OPERATOR"))


async def test_public_and_signed_in_methods(mesh: Mesh) -> None:
    async with dialed(app_of(), mesh) as channel:
        stub = auth_grpc.AuthServiceStub(channel)
        await stub.Login(auth_pb.LoginRequest())
        await stub.Login(auth_pb.LoginRequest(), metadata=bearer("rubbish"))
        asked = auth_pb.GetCurrentUserRequest()
        await stub.GetCurrentUser(asked, metadata=bearer(mesh.person_token("VIEWER")))
        as_service = bearer(mesh.service_token("document", audience="ocr"))
        error = await failure(stub.GetCurrentUser(asked, metadata=as_service))
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
        error = await failure(stub.GetCurrentUser(asked))
        assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_a_service_acts_for_a_person(mesh: Mesh) -> None:
    verifier = TokenVerifier(mesh.jwks_file, "ocr")
    tenant, human = new_id(), new_id()
    caller = verifier.verify(mesh.signer("document").service_token("ocr", tenant, human))
    assert (caller.service, caller.tenant_id, caller.person_id) == ("document", tenant, human)
    assert verifier.verify(mesh.service_token("document", audience="ocr")).tenant_id == ""


def test_a_cached_token_ends_with_its_time(mesh: Mesh, monkeypatch: pytest.MonkeyPatch) -> None:
    verifier = TokenVerifier(mesh.jwks_file, "ocr")
    token = mesh.person_token()
    verifier.verify(token)
    later = time.time() + 631
    monkeypatch.setattr(time, "time", lambda: later)
    with pytest.raises(Unauthenticated, match="expired"):
        verifier.verify(token)


def test_keys_change_while_serving(tmp_path: Path) -> None:
    mesh = make_mesh(tmp_path)
    verifier = TokenVerifier(mesh.jwks_file, "ocr")
    old = mesh.person_token()
    verifier.verify(old)
    (tmp_path / "keys" / "identity.pem").unlink()
    make_mesh(tmp_path)
    verifier.verify(mesh.person_token())
    with pytest.raises(Unauthenticated):
        verifier.verify(old)
    fresh = mesh.person_token()
    mesh.jwks_file.write_text("{")
    verifier.verify(fresh)
    mesh.jwks_file.unlink()
    verifier.verify(fresh)


def test_keys_are_private_and_stay(tmp_path: Path) -> None:
    mesh = make_mesh(tmp_path)
    before = {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))}
    generate_keys(tmp_path / "keys", tmp_path / "jwks", ("identity", "document", "ocr"))
    assert before == {path: path.read_bytes() for path in sorted(tmp_path.rglob("*.*"))}
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "keys").iterdir()} == {0o600}
    edge = json.loads((tmp_path / "jwks" / "edge.json").read_bytes())["keys"]
    assert [key["issuer"] for key in edge] == ["identity"]
    assert all("d" not in key for key in json.loads(mesh.jwks_file.read_bytes())["keys"])
    with pytest.raises(ValueError, match="may not sign for people"):
        mesh.signer("document").person_token(
            person_id=new_id(), tenant_id=new_id(), session_id=new_id(), role="ADMIN"
        )


def test_derived_keys_differ_by_purpose_and_last(mesh: Mesh) -> None:
    signer = mesh.signer("document")
    assert signer.derive_key("pages") == mesh.signer("document").derive_key("pages")
    assert signer.derive_key("pages") != signer.derive_key("links")
    assert signer.derive_key("pages") != mesh.signer("ocr").derive_key("pages")


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "{}",
        '{"keys": []}',
        '{"keys": [{"kid": "a"}]}',
        '{"keys": [{"kid": "a", "kty": "oct", "k": "AAAA", "issuer": "x"}]}',
    ],
)
def test_a_useless_key_set_stops_the_boot(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "mesh.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PreconditionFailed, match=r"mesh\.json"):
        TokenVerifier(path, "ocr")


def test_a_useless_private_key_is_a_plain_sentence(tmp_path: Path) -> None:
    path = tmp_path / "x.pem"
    with pytest.raises(HubError, match="can't read the key"):
        Signer.from_file(path, "document")
    path.write_text("no key")
    with pytest.raises(HubError, match="holds no private key"):
        Signer.from_file(path, "document")
    pem = generate_private_key(SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    path.write_bytes(pem)
    with pytest.raises(HubError, match="Ed25519"):
        Signer.from_file(path, "document")
