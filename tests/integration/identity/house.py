"""Identity as a real gRPC server on a real PostgreSQL, with a clock that tests move."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar

import asyncpg
import grpc
from google.protobuf.message import Message

from dochub.identity.v1 import auth_service_pb2 as pb
from dochub.identity.v1 import revocation_service_pb2 as revocation_pb
from dochub.identity.v1.api_key_service_pb2_grpc import ApiKeyServiceStub
from dochub.identity.v1.audit_service_pb2_grpc import AuditServiceStub
from dochub.identity.v1.auth_service_pb2_grpc import AuthServiceStub
from dochub.identity.v1.revocation_service_pb2_grpc import RevocationServiceStub
from dochub.identity.v1.tenant_service_pb2_grpc import TenantServiceStub
from dochub.identity.v1.user_service_pb2_grpc import UserServiceStub
from hubkit.config import ServerSettings
from hubkit.testing.failures import status
from hubkit.testing.postgres import FreshDatabase
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import Mesh, bearer
from identity_service.bootstrap import build
from identity_service.config import IdentitySettings, MailSettings
from identity_service.convert.carrier import COOKIE, METADATA
from identity_service.offline import add_member, create_admin

ORIGIN: Final = "https://hub.example.com"
PASSWORD: Final = "correct horse battery staple"

M = TypeVar("M", bound=Message)
Pairs = tuple[tuple[str, str], ...]


@dataclass
class Clock:
    """The time that the service believes."""

    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True)
class Reply:
    """An answer and the metadata that came before it."""

    message: Any
    metadata: Pairs

    @property
    def refresh_token(self) -> str:
        """The refresh token, as whichever kind of client it was sent to would keep it."""
        for key, value in self.metadata:
            if key == METADATA:
                return value
            if key == "set-cookie" and value.startswith(COOKIE):
                return value.removeprefix(f"{COOKIE}=").partition(";")[0]
        raise AssertionError("no refresh token came")


class Client:
    """Calls AuthService from one source address."""

    def __init__(self, channel: grpc.aio.Channel, source: str, target: str = "") -> None:
        self.channel = channel
        self.target = target
        self._stub = AuthServiceStub(channel)
        self.auth = self._stub
        self.audit = AuditServiceStub(channel)
        self.users = UserServiceStub(channel)
        self.tenants = TenantServiceStub(channel)
        self.keys = ApiKeyServiceStub(channel)
        self._source: Pairs = (("x-envoy-external-address", source),)

    def at(self, source: str) -> "Client":
        """The same somewhere else."""
        return Client(self.channel, source, self.target)

    async def login(
        self, email: str, password: str, slug: str = "", extra: Pairs = (), code: str = ""
    ) -> Reply:
        request = pb.LoginRequest(
            email=email, password=password, tenant_slug=slug, second_factor=code
        )
        return await _reply(self._stub.Login(request, metadata=self._source + extra))

    async def refresh(self, token: str) -> Reply:
        return await self.refresh_with(((METADATA, token),))

    async def refresh_in_browser(self, token: str) -> Reply:
        return await self.refresh_with((("origin", ORIGIN), ("cookie", f"{COOKIE}={token}")))

    async def refresh_with(self, pairs: Pairs) -> Reply:
        call = self._stub.RefreshToken(pb.RefreshTokenRequest(), metadata=self._source + pairs)
        return await _reply(call)

    async def logout(self, access_token: str, extra: Pairs = ()) -> Reply:
        metadata = bearer(access_token) + extra
        return await _reply(self._stub.Logout(pb.LogoutRequest(), metadata=metadata))

    async def call(self, method: Any, request: Any, access_token: str = "") -> Any:
        """Call anything from here."""
        metadata = self._source + (bearer(access_token) if access_token else ())
        return await method(request, metadata=metadata)

    async def switch(self, access_token: str, slug: str) -> Reply:
        metadata = self._source + bearer(access_token)
        request = pb.SwitchTenantRequest(tenant_slug=slug)
        return await _reply(self._stub.SwitchTenant(request, metadata=metadata))

    async def revocations(self, access_token: str) -> Any:
        return await RevocationServiceStub(self.channel).ListRevocations(
            revocation_pb.ListRevocationsRequest(), metadata=bearer(access_token)
        )

    async def whoami(self, access_token: str) -> Any:
        return await self._stub.GetCurrentUser(
            pb.GetCurrentUserRequest(), metadata=bearer(access_token)
        )


async def _reply(call: Any) -> Reply:
    message = await call
    return Reply(message, tuple(await call.initial_metadata()))


@dataclass
class House:
    """A database, keys and a clock to start identity with, as often as a test likes."""

    database: FreshDatabase
    mesh: Mesh
    clock: Clock

    @property
    def owner_dsn(self) -> str:
        return self.database.dsn("dochub_owner")

    def settings(self, **changes: Any) -> IdentitySettings:
        return IdentitySettings(
            server=ServerSettings(
                jwks_file=self.mesh.jwks_file,
                service_key_file=self.mesh.folder / "keys" / "identity.pem",
            ),
            database=self.database.settings("dochub_identity"),
            browser_origins=(ORIGIN,),
            mail=MailSettings(outbox=self.outbox, link="https://hub.example/password#"),
            data_key_file=self._data_key(),
            **changes,
        )

    @property
    def outbox(self) -> Path:
        """Where letters lie."""
        return self.mesh.folder / "outbox"

    async def link_for(self, email: str) -> str:
        """Wait for a letter to somebody; gives the secret of its link, and takes it away."""
        deadline = asyncio.get_running_loop().time() + 20
        while asyncio.get_running_loop().time() < deadline:
            for path in self.outbox.glob("*.eml"):
                text = path.read_text()
                if f"To: {email}" in text and "/password#" in text:
                    path.unlink()
                    return text.partition("/password#")[2].split()[0]
            await asyncio.sleep(0.01)
        raise AssertionError(f"no letter came to {email}")

    def _data_key(self) -> Path:
        path = self.mesh.folder / "data.key"
        if not path.exists():
            path.write_text(secrets.token_hex(32))
        return path

    @asynccontextmanager
    async def served(self, **changes: Any) -> AsyncIterator[Client]:
        """Start identity; gives a client at an address that no other test uses."""
        async with (
            build(self.settings(**changes), clock=self.clock) as app,
            in_process_server(app, self.mesh, revocation_poll_s=0.02) as target,
            grpc.aio.insecure_channel(target) as channel,
        ):
            yield Client(channel, new_source(), target)

    async def enroll(self, role: str = "OPERATOR", *, slug: str = "acme", email: str = "") -> str:
        """Make a member with the password of all; gives the e-mail address."""
        email = email or f"{secrets.token_hex(6)}@example.com"
        await create_admin(self.owner_dsn, "boss@example.com", tenant_slug=slug, password=PASSWORD)
        await add_member(self.owner_dsn, email, tenant_slug=slug, role=role, password=PASSWORD)
        return email

    async def rows(self, query: str, *values: object) -> list[asyncpg.Record]:
        """Look into the database as its superuser."""
        connection = await asyncpg.connect(self.database.dsn("postgres"))
        try:
            return await connection.fetch(query, *values)
        finally:
            await connection.close()


def detail(error: grpc.aio.AioRpcError, kind: type[M]) -> M:
    """The detail of one kind that came with an error."""
    found = kind()
    assert any(one.Unpack(found) for one in status(error).details), f"no {kind.__name__} came"
    return found


def new_source() -> str:
    """An IPv4 address of the test net that nobody has used."""
    return ".".join(["10", *(str(byte) for byte in secrets.token_bytes(3))])
