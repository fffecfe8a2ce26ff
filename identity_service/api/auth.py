# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""AuthService: one short method an RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dochub.identity.v1 import auth_service_pb2 as pb
from dochub.identity.v1.auth_service_pb2_grpc import AuthServiceServicer
from hubkit.core.caller import current_caller
from identity_service.application.current import SignOut, WhoAmI
from identity_service.application.refresh import Refresh
from identity_service.application.sign_in import SignIn
from identity_service.convert.carrier import Arrival, arrival_of
from identity_service.convert.messages import (
    attempt_from_proto,
    current_to_proto,
    login_to_proto,
    refresh_to_proto,
)
from identity_service.ports import Clock

if TYPE_CHECKING:
    from typing import Any

    from grpc.aio import ServicerContext


class AuthApi(AuthServiceServicer):
    """Signing in and out."""

    def __init__(
        self,
        sign_in: SignIn,
        refresh: Refresh,
        sign_out: SignOut,
        who_am_i: WhoAmI,
        *,
        browser_origins: frozenset[str],
        clock: Clock,
    ) -> None:
        self._sign_in = sign_in
        self._refresh = refresh
        self._sign_out = sign_out
        self._who_am_i = who_am_i
        self._browser_origins = browser_origins
        self._clock = clock

    async def Login(
        self,
        request: pb.LoginRequest,
        context: ServicerContext[pb.LoginRequest, pb.LoginResponse],
    ) -> pb.LoginResponse:
        """Check e-mail and password and open a session in one tenant."""
        arrival = self._arrival(context)
        done = await self._sign_in(attempt_from_proto(request, arrival.source))
        token = arrival.handed_out(done.refresh, done.refresh_expire_time, self._clock())
        await context.send_initial_metadata((token,))
        return login_to_proto(done)

    async def RefreshToken(
        self,
        request: pb.RefreshTokenRequest,
        context: ServicerContext[pb.RefreshTokenRequest, pb.RefreshTokenResponse],
    ) -> pb.RefreshTokenResponse:
        """Change a refresh token for a new pair."""
        arrival = self._arrival(context)
        done = await self._refresh(arrival.presented())
        token = arrival.handed_out(done.refresh, done.refresh_expire_time, self._clock())
        await context.send_initial_metadata((token,))
        return refresh_to_proto(done)

    async def Logout(
        self,
        request: pb.LogoutRequest,
        context: ServicerContext[pb.LogoutRequest, pb.LogoutResponse],
    ) -> pb.LogoutResponse:
        """End the session of the token that comes with the call."""
        arrival = self._arrival(context)
        await self._sign_out(current_caller())
        await context.send_initial_metadata(arrival.taken_back())
        return pb.LogoutResponse()

    async def GetCurrentUser(
        self,
        request: pb.GetCurrentUserRequest,
        context: ServicerContext[pb.GetCurrentUserRequest, pb.GetCurrentUserResponse],
    ) -> pb.GetCurrentUserResponse:
        """Tell who is signed in, where, and what they may do."""
        return current_to_proto(await self._who_am_i(current_caller()))

    def _arrival(self, context: ServicerContext[Any, Any]) -> Arrival:
        return arrival_of(
            context.invocation_metadata() or (), context.peer(), self._browser_origins
        )
