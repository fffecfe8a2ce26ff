# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""AuthService: one short method an RPC."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.identity.v1 import auth_service_pb2 as pb
from dochub.identity.v1.auth_service_pb2_grpc import AuthServiceServicer
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from identity_service.api.arrivals import Arrivals
from identity_service.application.current import SignOut, WhoAmI
from identity_service.application.passwords import ChangePassword, MailedPassword
from identity_service.application.refresh import Refresh
from identity_service.application.second_factor import SecondFactors
from identity_service.application.sessions import Sessions
from identity_service.application.sign_in import SignIn
from identity_service.convert.messages import (
    attempt_from_proto,
    current_to_proto,
    login_to_proto,
    refresh_to_proto,
    session_to_proto,
    switch_to_proto,
)
from identity_service.ports import Clock

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True, slots=True)
class AuthUses:
    """What AuthService calls."""

    sign_in: SignIn
    refresh: Refresh
    sign_out: SignOut
    who_am_i: WhoAmI
    sessions: Sessions
    change_password: ChangePassword
    mailed_password: MailedPassword
    second_factors: SecondFactors


class AuthApi(AuthServiceServicer):
    """Signing in and out, and what people do about their own account."""

    def __init__(self, uses: AuthUses, arrivals: Arrivals, clock: Clock) -> None:
        self._uses = uses
        self._arrivals = arrivals
        self._clock = clock

    async def Login(
        self,
        request: pb.LoginRequest,
        context: ServicerContext[pb.LoginRequest, pb.LoginResponse],
    ) -> pb.LoginResponse:
        """Check e-mail and password and open a session in one tenant."""
        arrival = self._arrivals.of(context)
        done = await self._uses.sign_in(attempt_from_proto(request, arrival.place))
        token = arrival.handed_out(done.refresh, done.refresh_expire_time, self._clock())
        await context.send_initial_metadata((token,))
        return login_to_proto(done)

    async def RefreshToken(
        self,
        request: pb.RefreshTokenRequest,
        context: ServicerContext[pb.RefreshTokenRequest, pb.RefreshTokenResponse],
    ) -> pb.RefreshTokenResponse:
        """Change a refresh token for a new pair."""
        arrival = self._arrivals.of(context)
        done = await self._uses.refresh(arrival.presented(), arrival.source)
        token = arrival.handed_out(done.refresh, done.refresh_expire_time, self._clock())
        await context.send_initial_metadata((token,))
        return refresh_to_proto(done)

    async def Logout(
        self,
        request: pb.LogoutRequest,
        context: ServicerContext[pb.LogoutRequest, pb.LogoutResponse],
    ) -> pb.LogoutResponse:
        """End the session of the token that comes with the call."""
        arrival = self._arrivals.of(context)
        caller = current_caller()
        await self._uses.sign_out(caller, arrival.actor(caller))
        await context.send_initial_metadata(arrival.taken_back())
        return pb.LogoutResponse()

    async def SwitchTenant(
        self,
        request: pb.SwitchTenantRequest,
        context: ServicerContext[pb.SwitchTenantRequest, pb.SwitchTenantResponse],
    ) -> pb.SwitchTenantResponse:
        """Go on in another tenant of the same person."""
        arrival = self._arrivals.of(context)
        caller = current_caller()
        done = await self._uses.sessions.switch(
            caller, arrival.actor(caller), arrival.place, request.tenant_slug
        )
        token = arrival.handed_out(done.refresh, done.refresh_expire_time, self._clock())
        await context.send_initial_metadata((token,))
        return switch_to_proto(done)

    async def ListSessions(
        self,
        request: pb.ListSessionsRequest,
        context: ServicerContext[pb.ListSessionsRequest, pb.ListSessionsResponse],
    ) -> pb.ListSessionsResponse:
        """List the caller's open sessions, in every tenant."""
        caller = current_caller()
        found = await self._uses.sessions.open_ones(caller)
        return pb.ListSessionsResponse(
            sessions=(session_to_proto(one, caller.session_id) for one in found)
        )

    async def RevokeSession(
        self,
        request: pb.RevokeSessionRequest,
        context: ServicerContext[pb.RevokeSessionRequest, pb.RevokeSessionResponse],
    ) -> pb.RevokeSessionResponse:
        """End one of the caller's sessions."""
        session_id = check_id(request.session_id, "session_id")
        await self._uses.sessions.end(current_caller(), self._arrivals.actor(context), session_id)
        return pb.RevokeSessionResponse()

    async def RevokeAllSessions(
        self,
        request: pb.RevokeAllSessionsRequest,
        context: ServicerContext[pb.RevokeAllSessionsRequest, pb.RevokeAllSessionsResponse],
    ) -> pb.RevokeAllSessionsResponse:
        """End all of the caller's sessions, or all but the present one."""
        count = await self._uses.sessions.end_all(
            current_caller(), self._arrivals.actor(context), keep_current=request.keep_current
        )
        return pb.RevokeAllSessionsResponse(revoked_count=count)

    async def ChangePassword(
        self,
        request: pb.ChangePasswordRequest,
        context: ServicerContext[pb.ChangePasswordRequest, pb.ChangePasswordResponse],
    ) -> pb.ChangePasswordResponse:
        """Set another password; every other session of the caller ends."""
        actor = self._arrivals.actor(context)
        await self._uses.change_password(
            current_caller(), actor, request.current_password, request.new_password
        )
        return pb.ChangePasswordResponse()

    async def RequestPasswordReset(
        self,
        request: pb.RequestPasswordResetRequest,
        context: ServicerContext[pb.RequestPasswordResetRequest, pb.RequestPasswordResetResponse],
    ) -> pb.RequestPasswordResetResponse:
        """Have a link mailed that sets a new password."""
        await self._uses.mailed_password.request(request.email, self._arrivals.of(context).source)
        return pb.RequestPasswordResetResponse()

    async def ConfirmPasswordReset(
        self,
        request: pb.ConfirmPasswordResetRequest,
        context: ServicerContext[pb.ConfirmPasswordResetRequest, pb.ConfirmPasswordResetResponse],
    ) -> pb.ConfirmPasswordResetResponse:
        """Set a password with what was mailed."""
        source = self._arrivals.of(context).source
        await self._uses.mailed_password.confirm(request.secret, request.new_password, source)
        return pb.ConfirmPasswordResetResponse()

    async def EnrollSecondFactor(
        self,
        request: pb.EnrollSecondFactorRequest,
        context: ServicerContext[pb.EnrollSecondFactorRequest, pb.EnrollSecondFactorResponse],
    ) -> pb.EnrollSecondFactorResponse:
        """Begin with codes of an authenticator."""
        actor = self._arrivals.actor(context)
        shared = await self._uses.second_factors.enroll(
            current_caller(), actor, request.current_password
        )
        return pb.EnrollSecondFactorResponse(secret=shared.secret, otpauth_uri=shared.otpauth_uri)

    async def ConfirmSecondFactor(
        self,
        request: pb.ConfirmSecondFactorRequest,
        context: ServicerContext[pb.ConfirmSecondFactorRequest, pb.ConfirmSecondFactorResponse],
    ) -> pb.ConfirmSecondFactorResponse:
        """Prove that the authenticator works."""
        actor = self._arrivals.actor(context)
        codes = await self._uses.second_factors.confirm(current_caller(), actor, request.code)
        return pb.ConfirmSecondFactorResponse(recovery_codes=codes)

    async def RemoveSecondFactor(
        self,
        request: pb.RemoveSecondFactorRequest,
        context: ServicerContext[pb.RemoveSecondFactorRequest, pb.RemoveSecondFactorResponse],
    ) -> pb.RemoveSecondFactorResponse:
        """Do without the second factor again."""
        actor = self._arrivals.actor(context)
        await self._uses.second_factors.remove(
            current_caller(), actor, request.current_password, request.second_factor
        )
        return pb.RemoveSecondFactorResponse()

    async def GetCurrentUser(
        self,
        request: pb.GetCurrentUserRequest,
        context: ServicerContext[pb.GetCurrentUserRequest, pb.GetCurrentUserResponse],
    ) -> pb.GetCurrentUserResponse:
        """Tell who is signed in, where, and what they may do."""
        caller = current_caller()
        member = await self._uses.who_am_i(caller)
        tenants = await self._uses.sessions.tenants(caller)
        has_factor = await self._uses.second_factors.is_on(caller)
        return current_to_proto(member, tenants, has_factor)
