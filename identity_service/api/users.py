# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""UserService: one short method an RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dochub.identity.v1 import user_service_pb2 as pb
from dochub.identity.v1.user_service_pb2_grpc import UserServiceServicer
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from hubkit.core.paging import page_size
from identity_service.api.arrivals import Arrivals
from identity_service.application.members import Members
from identity_service.convert.tenancy import member_to_proto, role_from_proto, roles_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


class UserApi(UserServiceServicer):
    """Members of the tenant."""

    def __init__(self, members: Members, arrivals: Arrivals) -> None:
        self._members = members
        self._arrivals = arrivals

    async def InviteUser(
        self,
        request: pb.InviteUserRequest,
        context: ServicerContext[pb.InviteUserRequest, pb.InviteUserResponse],
    ) -> pb.InviteUserResponse:
        """Make somebody a member."""
        member = await self._members.invite(
            current_caller(),
            self._arrivals.actor(context),
            request.email,
            request.display_name,
            role_from_proto(request.role),
        )
        return pb.InviteUserResponse(member=member_to_proto(member))

    async def GetUser(
        self,
        request: pb.GetUserRequest,
        context: ServicerContext[pb.GetUserRequest, pb.GetUserResponse],
    ) -> pb.GetUserResponse:
        """Get one member."""
        user_id = check_id(request.user_id, "user_id")
        member = await self._members.get(current_caller(), user_id)
        return pb.GetUserResponse(member=member_to_proto(member))

    async def ListUsers(
        self,
        request: pb.ListUsersRequest,
        context: ServicerContext[pb.ListUsersRequest, pb.ListUsersResponse],
    ) -> pb.ListUsersResponse:
        """List members by e-mail address."""
        members, token = await self._members.page(
            current_caller(), page_size(request.page_size), request.page_token
        )
        return pb.ListUsersResponse(
            members=(member_to_proto(one) for one in members), next_page_token=token
        )

    async def ChangeUserRole(
        self,
        request: pb.ChangeUserRoleRequest,
        context: ServicerContext[pb.ChangeUserRoleRequest, pb.ChangeUserRoleResponse],
    ) -> pb.ChangeUserRoleResponse:
        """Give a member another role."""
        user_id, role = check_id(request.user_id, "user_id"), role_from_proto(request.role)
        actor = self._arrivals.actor(context)
        member = await self._members.change_role(current_caller(), actor, user_id, role)
        return pb.ChangeUserRoleResponse(member=member_to_proto(member))

    async def DeactivateUser(
        self,
        request: pb.DeactivateUserRequest,
        context: ServicerContext[pb.DeactivateUserRequest, pb.DeactivateUserResponse],
    ) -> pb.DeactivateUserResponse:
        """Shut a member out of the tenant."""
        user_id = check_id(request.user_id, "user_id")
        actor = self._arrivals.actor(context)
        member = await self._members.deactivate(current_caller(), actor, user_id)
        return pb.DeactivateUserResponse(member=member_to_proto(member))

    async def ReactivateUser(
        self,
        request: pb.ReactivateUserRequest,
        context: ServicerContext[pb.ReactivateUserRequest, pb.ReactivateUserResponse],
    ) -> pb.ReactivateUserResponse:
        """Let a member in again."""
        user_id = check_id(request.user_id, "user_id")
        actor = self._arrivals.actor(context)
        member = await self._members.reactivate(current_caller(), actor, user_id)
        return pb.ReactivateUserResponse(member=member_to_proto(member))

    async def ListRoles(
        self,
        request: pb.ListRolesRequest,
        context: ServicerContext[pb.ListRolesRequest, pb.ListRolesResponse],
    ) -> pb.ListRolesResponse:
        """List the roles and what each may do."""
        return roles_to_proto()
