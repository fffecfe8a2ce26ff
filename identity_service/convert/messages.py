"""Messages of the contract from and to values of the domain."""

from collections.abc import Iterable
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from dochub.identity.v1 import auth_service_pb2 as pb
from hubkit.core.permissions import permissions_of
from identity_service.application.opening import SignedIn
from identity_service.application.refresh import Refreshed
from identity_service.application.sign_in import Attempt
from identity_service.domain.people import Member, Role, Tenant
from identity_service.domain.session import OpenSession, Place

ROLES = {
    Role.VIEWER: pb.ROLE_VIEWER,
    Role.OPERATOR: pb.ROLE_OPERATOR,
    Role.REVIEWER: pb.ROLE_REVIEWER,
    Role.MANAGER: pb.ROLE_MANAGER,
    Role.ADMIN: pb.ROLE_ADMIN,
}


def attempt_from_proto(request: pb.LoginRequest, place: Place) -> Attempt:
    """Read a try to sign in."""
    return Attempt(
        request.email, request.password, request.tenant_slug, request.second_factor, place
    )


def login_to_proto(signed_in: SignedIn) -> pb.LoginResponse:
    """Write a new session."""
    return pb.LoginResponse(
        access_token=signed_in.access.text,
        access_token_expire_time=_timestamp(signed_in.access.expire_time),
        user=_user(signed_in.member),
        tenant=_tenant(signed_in.member.tenant),
        session_expire_time=_timestamp(signed_in.session.expire_time),
    )


def switch_to_proto(signed_in: SignedIn) -> pb.SwitchTenantResponse:
    """Write a new session in another tenant."""
    return pb.SwitchTenantResponse(
        access_token=signed_in.access.text,
        access_token_expire_time=_timestamp(signed_in.access.expire_time),
        user=_user(signed_in.member),
        tenant=_tenant(signed_in.member.tenant),
        session_expire_time=_timestamp(signed_in.session.expire_time),
    )


def session_to_proto(one: OpenSession, current_id: str | None) -> pb.Session:
    """Write a session that goes on."""
    return pb.Session(
        id=one.session.id,
        tenant=_tenant(one.tenant),
        start_time=_timestamp(one.session.start_time),
        last_use_time=_timestamp(one.last_use_time),
        expire_time=_timestamp(one.session.expire_time),
        source=one.session.source,
        user_agent=one.session.user_agent,
        current=one.session.id == current_id,
    )


def refresh_to_proto(refreshed: Refreshed) -> pb.RefreshTokenResponse:
    """Write a new access token."""
    return pb.RefreshTokenResponse(
        access_token=refreshed.access.text,
        access_token_expire_time=_timestamp(refreshed.access.expire_time),
    )


def current_to_proto(
    member: Member, tenants: Iterable[Tenant], has_second_factor: bool
) -> pb.GetCurrentUserResponse:
    """Write who is signed in."""
    return pb.GetCurrentUserResponse(
        user=_user(member),
        tenant=_tenant(member.tenant),
        permissions=sorted(permissions_of(member.role.value)),
        tenants=(_tenant(one) for one in tenants),
        has_second_factor=has_second_factor,
    )


def _user(member: Member) -> pb.User:
    person = member.person
    return pb.User(
        id=person.id,
        email=person.email,
        display_name=person.display_name,
        role=ROLES[member.role],
    )


def _tenant(tenant: Tenant) -> pb.Tenant:
    return pb.Tenant(id=tenant.id, slug=tenant.slug, display_name=tenant.display_name)


def _timestamp(time: datetime) -> Timestamp:
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
