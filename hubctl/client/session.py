"""Who we are to the hub: signs in, and keeps the access token fresh."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import grpc

from dochub.identity.v1 import auth_service_pb2 as pb
from dochub.identity.v1 import auth_service_pb2_grpc
from hubctl.client.store import SessionStore, StoredSession
from hubctl.client.target import Target
from hubkit.clients import remote_errors
from hubkit.core.errors import Unauthenticated, Unavailable

REFRESH_METADATA: Final = "dochub-refresh-token"
EARLY_S: Final = 60.0
"""An access token that ends so soon is renewed before it is used."""
TIMEOUT_S: Final = 30.0

Metadata = tuple[tuple[str, str], ...]


async def sign_in(
    channel: grpc.aio.Channel, target: Target, email: str, password: str, tenant: str
) -> StoredSession:
    """Open a session.

    Raises:
        HubError: The hub refused, or does not answer.
    """
    request = pb.LoginRequest(email=email, password=password, tenant_slug=tenant)
    with remote_errors():
        call = auth_service_pb2_grpc.AuthServiceStub(channel).Login(request, timeout=TIMEOUT_S)
        answer = await call
        refresh = _refresh_token(tuple(await call.initial_metadata()))
    return StoredSession(
        url=target.url,
        email=answer.user.email,
        tenant=answer.tenant.slug,
        refresh_token=refresh,
        access_token=answer.access_token,
        access_expires=answer.access_token_expire_time.ToMilliseconds() / 1000,
        ca_path=str(target.ca_file.absolute()) if target.ca_file else "",
    )


class Session:
    """A session at work; renews itself.

    Args:
        channel: To the hub.
        stored: As it was signed in or read from disk.
        store: Where it is kept; None keeps it in memory.
    """

    def __init__(
        self, channel: grpc.aio.Channel, stored: StoredSession, store: SessionStore | None = None
    ) -> None:
        self._auth = auth_service_pb2_grpc.AuthServiceStub(channel)
        self._stored = stored
        self._store = store
        self._one_at_a_time = asyncio.Lock()

    async def metadata(self) -> Metadata:
        """Give what every call carries.

        Raises:
            Unauthenticated: The session is over.
        """
        async with self._one_at_a_time:
            if self._ends_soon():
                await self._renew()
        return (("authorization", f"Bearer {self._stored.access_token}"),)

    async def sign_out(self) -> None:
        """End the session there and forget it here."""
        with remote_errors():
            await self._auth.Logout(
                pb.LogoutRequest(), metadata=await self.metadata(), timeout=TIMEOUT_S
            )
        if self._store is not None:
            self._store.remove(self._stored.url)

    def _ends_soon(self) -> bool:
        return self._stored.access_expires - time.time() < EARLY_S

    async def _renew(self) -> None:
        if self._store is None:
            await self._refresh()
            return
        with self._store.locked():
            # Another command may have renewed it while this one waited.
            self._stored = self._store.get(self._stored.url) or self._stored
            if self._ends_soon():
                await self._refresh()
                self._store.put(self._stored)

    async def _refresh(self) -> None:
        try:
            with remote_errors():
                call = self._auth.RefreshToken(
                    pb.RefreshTokenRequest(),
                    metadata=((REFRESH_METADATA, self._stored.refresh_token),),
                    timeout=TIMEOUT_S,
                )
                answer = await call
                refresh = _refresh_token(tuple(await call.initial_metadata()))
        except Unauthenticated:
            raise Unauthenticated("the session is over: `dochub login`") from None
        self._stored = replace(
            self._stored,
            access_token=answer.access_token,
            access_expires=answer.access_token_expire_time.ToMilliseconds() / 1000,
            refresh_token=refresh,
        )


def _refresh_token(metadata: Iterable[tuple[str, str | bytes]]) -> str:
    for key, value in metadata:
        if key == REFRESH_METADATA and isinstance(value, str):
            return value
    raise Unavailable("the hub sent no refresh token")
