"""Members, tenants and keys from and to the contract's messages."""

from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp

from dochub.identity.v1 import api_key_service_pb2 as key_pb
from dochub.identity.v1 import auth_service_pb2 as auth_pb
from dochub.identity.v1 import tenant_service_pb2 as tenant_pb
from dochub.identity.v1 import user_service_pb2 as user_pb
from hubkit.core.errors import InvalidArgument
from hubkit.core.permissions import permissions_of
from identity_service.convert.messages import ROLES
from identity_service.domain.keys import ApiKey
from identity_service.domain.membership import Membership
from identity_service.domain.people import Role
from identity_service.ports import TenantRow

_BY_PROTO = {written: role for role, written in ROLES.items()}


def role_from_proto(role: auth_pb.Role.ValueType) -> Role:
    """Read a role.

    Raises:
        InvalidArgument: It is none.
    """
    found = _BY_PROTO.get(role)
    if found is None:
        raise InvalidArgument("role must be one of the contract's, and set", field="role")
    return found


def member_to_proto(member: Membership) -> user_pb.TenantMember:
    """Write a member."""
    person = member.person
    return user_pb.TenantMember(
        user=auth_pb.User(
            id=person.id,
            email=person.email,
            display_name=person.display_name,
            role=ROLES[member.role],
        ),
        create_time=_stamp(member.create_time),
        deactivate_time=_stamp(member.disable_time),
    )


def roles_to_proto() -> user_pb.ListRolesResponse:
    """Write what each role may do."""
    return user_pb.ListRolesResponse(
        roles=(
            user_pb.ListRolesResponse.RoleRights(
                role=written, permissions=sorted(permissions_of(role.value))
            )
            for role, written in ROLES.items()
        )
    )


def tenant_to_proto(row: TenantRow) -> auth_pb.Tenant:
    """Write a tenant."""
    return auth_pb.Tenant(id=row.id, slug=row.slug, display_name=row.display_name)


def settings_to_proto(row: TenantRow) -> tenant_pb.TenantSettings:
    """Write what a tenant chose."""
    return tenant_pb.TenantSettings(
        display_name=row.display_name,
        locale=row.locale,
        time_zone=row.time_zone,
        etag=str(row.revision),
    )


def key_to_proto(key: ApiKey) -> key_pb.ApiKey:
    """Write what is known of a key."""
    return key_pb.ApiKey(
        id=key.id,
        prefix=key.prefix,
        display_name=key.display_name,
        scopes=key.scopes,
        creator_id=key.creator_id,
        create_time=_stamp(key.create_time),
        expire_time=_stamp(key.expire_time),
        last_use_time=_stamp(key.last_use_time),
        revoke_time=_stamp(key.revoke_time),
    )


def _stamp(time: datetime | None) -> Timestamp | None:
    if time is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(time)
    return stamp
