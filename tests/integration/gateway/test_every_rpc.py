"""Every RPC, every role, every fault of a token: exactly the status that the table says.

The servers' own layers decide, as in the product; behind them stand servicers that answer whatever
is asked. An RPC that is added without a row fails the first test.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import pkgutil
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_private_key,
)
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message_factory import GetMessageClass

import dochub
from hubctl.gateway.render import Endpoint
from hubctl.testing import running_gateway
from hubkit.core.ids import new_id
from hubkit.core.permissions import ROLES
from hubkit.server.app import App, Servicer
from hubkit.server.revocations import Revocation, Told
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import Mesh, bearer, make_mesh

OK = grpc.StatusCode.OK
DENIED = grpc.StatusCode.PERMISSION_DENIED
STRANGER = grpc.StatusCode.UNAUTHENTICATED

# Who may: EVERYBODY without a token, PERSONS of whatever role, or the least role; besides them the
# holders of API KEYS made for it, and the SERVICES of the mesh.
TABLE = {
    "document.DocumentJobService/GetJob": "VIEWER KEYS SERVICES",
    "document.DocumentJobService/ListJobs": "VIEWER KEYS SERVICES",
    "document.DocumentJobService/CancelJob": "OPERATOR KEYS SERVICES",
    "document.DocumentJobService/WatchJob": "VIEWER KEYS SERVICES",
    "document.DocumentService/GetDocument": "VIEWER KEYS SERVICES",
    "document.DocumentService/ListDocuments": "VIEWER KEYS SERVICES",
    "document.DocumentService/DeleteDocument": "MANAGER KEYS",
    "document.DocumentService/WatchDocuments": "VIEWER KEYS SERVICES",
    "document.FieldService/ListFields": "VIEWER KEYS SERVICES",
    "document.FieldService/UpdateField": "OPERATOR KEYS SERVICES",
    "document.FieldService/BatchUpdateFields": "OPERATOR KEYS SERVICES",
    "document.PageService/ListPages": "VIEWER KEYS SERVICES",
    "document.PageService/GetPageImage": "VIEWER KEYS SERVICES",
    "document.PageService/GetPageLayout": "VIEWER KEYS SERVICES",
    "document.PageService/DownloadDocument": "VIEWER KEYS SERVICES",
    "document.ProcessingService/ProcessDocument": "OPERATOR KEYS SERVICES",
    "document.UploadService/StartUpload": "OPERATOR KEYS SERVICES",
    "document.UploadService/UploadPart": "OPERATOR KEYS SERVICES",
    "document.UploadService/GetUpload": "OPERATOR KEYS SERVICES",
    "document.UploadService/CompleteUpload": "OPERATOR KEYS SERVICES",
    "document.UploadService/AbortUpload": "OPERATOR KEYS SERVICES",
    "identity.ApiKeyService/CreateApiKey": "ADMIN",
    "identity.ApiKeyService/ListApiKeys": "ADMIN",
    "identity.ApiKeyService/RevokeApiKey": "ADMIN",
    "identity.ApiKeyService/ExchangeApiKey": "EVERYBODY",
    "identity.AuditService/ListAuditEvents": "ADMIN",
    "identity.AuditService/ExportAuditEvents": "ADMIN",
    "identity.AuditService/VerifyAuditChain": "ADMIN",
    "identity.AuditService/ErasePersonalValues": "ADMIN",
    "identity.AuthService/Login": "EVERYBODY",
    "identity.AuthService/RefreshToken": "EVERYBODY",
    "identity.AuthService/Logout": "PERSONS",
    "identity.AuthService/SwitchTenant": "PERSONS",
    "identity.AuthService/ListSessions": "PERSONS",
    "identity.AuthService/RevokeSession": "PERSONS",
    "identity.AuthService/RevokeAllSessions": "PERSONS",
    "identity.AuthService/ChangePassword": "PERSONS",
    "identity.AuthService/RequestPasswordReset": "EVERYBODY",
    "identity.AuthService/ConfirmPasswordReset": "EVERYBODY",
    "identity.AuthService/EnrollSecondFactor": "PERSONS",
    "identity.AuthService/ConfirmSecondFactor": "PERSONS",
    "identity.AuthService/RemoveSecondFactor": "PERSONS",
    "identity.AuthService/GetCurrentUser": "PERSONS",
    "identity.RevocationService/ListRevocations": "SERVICES",
    "identity.TenantService/GetTenant": "VIEWER KEYS SERVICES",
    "identity.TenantService/UpdateTenant": "ADMIN",
    "identity.UserService/InviteUser": "ADMIN",
    "identity.UserService/GetUser": "VIEWER KEYS",
    "identity.UserService/ListUsers": "VIEWER KEYS",
    "identity.UserService/ChangeUserRole": "ADMIN",
    "identity.UserService/DeactivateUser": "ADMIN",
    "identity.UserService/ReactivateUser": "ADMIN",
    "identity.UserService/ListRoles": "PERSONS",
    "ocr.OcrService/InspectDocument": "OPERATOR KEYS SERVICES",
    "ocr.OcrService/ReadPages": "OPERATOR KEYS SERVICES",
    "ocr.OcrService/ExtractFields": "OPERATOR KEYS SERVICES",
    "ocr.OcrService/ReadImage": "OPERATOR KEYS SERVICES",
    "ocr.OcrService/ListEngines": "OPERATOR KEYS SERVICES",
}


def contract() -> dict[str, MethodDescriptor]:
    """Every RPC of the contract, by package, service and name."""
    found = {}
    for module in pkgutil.walk_packages(dochub.__path__, prefix="dochub."):
        if module.name.endswith("_pb2"):
            for service in import_module(module.name).DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    package = service.full_name.split(".")[1]
                    found[f"{package}.{service.name}/{method.name}"] = method
    return found


RPCS = contract()


def test_every_rpc_has_a_row() -> None:
    assert set(TABLE) == set(RPCS)


def expected(rpc: str, who: str) -> grpc.StatusCode:
    """What the table says for a role, KEYS or SERVICES."""
    least, *others = TABLE[rpc].split()
    if least == "EVERYBODY" or who in {least, *others}:
        return OK
    if who in {"KEYS", "SERVICES"} or least == "SERVICES":
        return DENIED
    return OK if least == "PERSONS" or ROLES.index(who) >= ROLES.index(least) else DENIED


class Anything:
    """Answers every method of a service with an empty message."""

    def __init__(self, service: ServiceDescriptor) -> None:
        for method in service.methods:
            setattr(self, method.name, _answer(method))


def _answer(method: MethodDescriptor) -> Callable[[Any, Any], Any]:
    answer = GetMessageClass(method.output_type)

    async def once(request: Any, context: Any) -> Any:
        return answer()

    async def stream(request: Any, context: Any) -> AsyncIterator[Any]:
        yield answer()

    return stream if method.server_streaming else once


ENDED, EPOCH_TENANT, EPOCH_PERSON = new_id(), new_id(), new_id()


async def told(since: datetime | None) -> Told:
    revoked = (Revocation(ENDED), Revocation(None, EPOCH_TENANT, EPOCH_PERSON, 1))
    return Told(revoked, datetime.now(UTC))


def app() -> App:
    services = {method.containing_service.full_name: method for method in RPCS.values()}
    servicers = []
    for method in services.values():
        service = method.containing_service
        name = service.file.name.removesuffix(".proto").replace("/", ".") + "_pb2_grpc"
        add = getattr(import_module(name), f"add_{service.name}Servicer_to_server")
        servicers.append(Servicer(add, Anything(service), service))
    return App("document", tuple(servicers), revocations=told)


@asynccontextmanager
async def served(mesh: Mesh) -> AsyncIterator[str]:
    async with in_process_server(app(), mesh, max_concurrent_calls=1000) as target:
        yield target


async def status(channel: grpc.aio.Channel, rpc: str, token: str | None) -> grpc.StatusCode:
    """Call; gives the status it ends with."""
    method = RPCS[rpc]
    path = f"/{method.containing_service.full_name}/{method.name}"
    serialize = GetMessageClass(method.input_type).SerializeToString
    metadata = bearer(token) if token is not None else ()
    make = channel.unary_stream if method.server_streaming else channel.unary_unary
    call: Any = make(path, request_serializer=serialize)(
        GetMessageClass(method.input_type)(), metadata=metadata, timeout=60
    )
    if method.server_streaming:
        with suppress(grpc.aio.AioRpcError):
            while await call.read() is not grpc.aio.EOF:
                pass
    code: grpc.StatusCode = await call.code()
    return code


async def check(
    channel: grpc.aio.Channel, calls: list[tuple[str, str | None, grpc.StatusCode]]
) -> None:
    """Make calls; what differs from the expectation is shown, with all the rest."""
    found = await asyncio.gather(*(status(channel, rpc, token) for rpc, token, _ in calls))
    wrong = [
        (rpc, want, got) for (rpc, _, want), got in zip(calls, found, strict=True) if got != want
    ]
    assert wrong == []


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Mesh:
    return make_mesh(tmp_path_factory.mktemp("mesh"), ("identity", "document"))


async def test_every_role_may_what_the_table_says(mesh: Mesh) -> None:
    signer = mesh.signer("identity")
    every = [name for name in TABLE if TABLE[name].split()[0] != "EVERYBODY"]
    scopes = ["DOCUMENTS_READ", "DOCUMENTS_WRITE", "DOCUMENTS_DELETE", "OCR_READ"]
    scopes += ["USERS_READ", "TENANT_READ", "USERS_WRITE", "AUDIT_READ", "REVOCATIONS_READ"]
    tokens = {role: mesh.person_token(role) for role in ROLES}
    tokens["KEYS"] = signer.key_token(
        key_id=new_id(), tenant_id=new_id(), scopes=scopes, lifetime_s=600
    )
    tokens["SERVICES"] = mesh.service_token("identity", audience="document", tenant_id=new_id())
    async with served(mesh) as target, grpc.aio.insecure_channel(target) as channel:
        for who, token in tokens.items():
            await check(channel, [(rpc, token, expected(rpc, who)) for rpc in every])
        for public in set(TABLE) - set(every):
            await check(channel, [(public, None, OK), (public, "rubbish", OK)])


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Forger:
    """Makes the tokens that nobody may take, for a role."""

    def __init__(self, mesh: Mesh, role: str) -> None:
        self._mesh = mesh
        self._role = role
        self._good = mesh.person_token(role)
        self._claims = jwt.decode(self._good, options={"verify_signature": False})
        self._header = jwt.get_unverified_header(self._good)

    def tokens(self) -> dict[str, str | None]:
        signer = self._mesh.signer("identity")
        now = int(time.time())
        return {
            "no token": None,
            "expired": self._signed({"iat": now - 700, "exp": now - 100}),
            "wrong audience": self._signed({"aud": "dochub-service:document"}),
            "wrong key": jwt.encode(
                self._claims, Ed25519PrivateKey.generate(), "EdDSA", self._header
            ),
            "alg none": self._by_hand("none", self._claims, b""),
            "HS256 with the public key": self._hs256(),
            "another tenant written in": self._rewritten(),
            "revoked session": self._mesh.person_token(self._role, session_id=ENDED),
            "disabled user": signer.person_token(
                person_id=EPOCH_PERSON,
                tenant_id=EPOCH_TENANT,
                session_id=new_id(),
                role=self._role,
            ),
        }

    def _key(self) -> Ed25519PrivateKey:
        pem = (self._mesh.folder / "keys" / "identity.pem").read_bytes()
        key = load_pem_private_key(pem, None)
        assert isinstance(key, Ed25519PrivateKey)
        return key

    def _signed(self, changes: dict[str, Any]) -> str:
        return jwt.encode(self._claims | changes, self._key(), "EdDSA", self._header)

    def _by_hand(self, algorithm: str, claims: dict[str, Any], secret: bytes) -> str:
        header = b64(json.dumps(self._header | {"alg": algorithm}).encode())
        body = f"{header}.{b64(json.dumps(claims).encode())}"
        mac = hmac.digest(secret, body.encode(), hashlib.sha256) if secret else b""
        return f"{body}.{b64(mac)}"

    def _hs256(self) -> str:
        public = self._key().public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        return self._by_hand("HS256", self._claims, pem)

    def _rewritten(self) -> str:
        header, _, signature = self._good.split(".")
        body = b64(json.dumps(self._claims | {"tid": new_id()}).encode())
        return f"{header}.{body}.{signature}"


async def test_no_faulty_token_is_taken_by_any_rpc_from_any_role(mesh: Mesh) -> None:
    async with served(mesh) as target, grpc.aio.insecure_channel(target) as channel:
        for role in ROLES:
            for token in Forger(mesh, role).tokens().values():
                await check(
                    channel,
                    [(rpc, token, OK if TABLE[rpc] == "EVERYBODY" else STRANGER) for rpc in TABLE],
                )


async def test_each_rpc_through_the_gateway(tmp_path: Path) -> None:
    mesh = make_mesh(tmp_path, ("identity", "document"))
    async with served(mesh) as target:
        host, _, port = target.rpartition(":")
        upstreams = dict.fromkeys(("identity", "document", "ocr"), (Endpoint(host, int(port)),))
        running = running_gateway(tmp_path, upstreams)
        # Its start waits for our own server's health.
        gateway = await asyncio.to_thread(running.__enter__)
        try:
            credentials = grpc.ssl_channel_credentials(gateway.authority)
            address = f"localhost:{gateway.plan.listen.port}"
            async with grpc.aio.secure_channel(address, credentials) as channel:
                await check(channel, [row for rpc in TABLE for row in at_the_gateway(mesh, rpc)])
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)


def at_the_gateway(mesh: Mesh, rpc: str) -> list[tuple[str, str | None, grpc.StatusCode]]:
    """A good call, one without a token, and one that is forged."""
    least = TABLE[rpc].split()[0]
    if least == "SERVICES":  # there is no way there
        return [(rpc, mesh.person_token("ADMIN"), grpc.StatusCode.UNIMPLEMENTED)]
    refused = OK if least == "EVERYBODY" else STRANGER
    forged = Forger(mesh, "ADMIN").tokens()["HS256 with the public key"]
    return [
        (rpc, mesh.person_token("ADMIN"), OK),
        (rpc, None, refused),
        (rpc, forged, refused),
    ]
