"""What administrators do: members, roles, settings, and keys for programs."""

import secrets
from dataclasses import dataclass
from typing import Any

import grpc
import pytest

from dochub.identity.v1 import api_key_service_pb2 as key_pb
from dochub.identity.v1 import auth_service_pb2 as auth_pb
from dochub.identity.v1 import tenant_service_pb2 as tenant_pb
from dochub.identity.v1 import user_service_pb2 as pb
from hubkit.core.ids import new_id
from hubkit.core.permissions import KEY_SCOPES
from hubkit.testing.failures import failure, reason
from hubkit.testing.probe import app_of, dialed, engines
from identity_service.convert.carrier import API_KEY
from tests.integration.identity.house import ORIGIN, PASSWORD, Client, House, new_source

NEXT = "another horse, another battery"


@dataclass
class Admin:
    """An administrator of a tenant of their own."""

    client: Client
    email: str
    slug: str
    token: str
    user_id: str

    async def call(self, method: Any, request: Any) -> Any:
        return await self.client.call(method, request, self.token)

    async def invite(self, email: str, role: auth_pb.Role.ValueType) -> Any:
        request = pb.InviteUserRequest(email=email, display_name="New", role=role)
        return (await self.call(self.client.users.InviteUser, request)).member

    async def change(self, user_id: str, role: auth_pb.Role.ValueType) -> Any:
        request = pb.ChangeUserRoleRequest(user_id=user_id, role=role)
        return (await self.call(self.client.users.ChangeUserRole, request)).member

    async def deactivate(self, user_id: str) -> Any:
        request = pb.DeactivateUserRequest(user_id=user_id)
        return (await self.call(self.client.users.DeactivateUser, request)).member


@pytest.fixture
async def admin(house: House, client: Client) -> Admin:
    slug = f"t{secrets.token_hex(6)}"
    email = await house.enroll("ADMIN", slug=slug)
    boss = "boss@example.com"  # whom the house makes with every tenant
    await house.rows(
        "DELETE FROM identity.membership WHERE person_id ="
        " (SELECT id FROM identity.person WHERE email = $1)",
        boss,
    )
    message = (await client.login(email, PASSWORD)).message
    return Admin(client, email, slug, message.access_token, message.user.id)


async def refused(client: Client, token: str) -> str:
    while True:
        try:
            await client.whoami(token)
        except grpc.aio.AioRpcError as error:
            return reason(error)


async def test_who_is_invited_chooses_a_password(
    house: House, client: Client, admin: Admin
) -> None:
    email = f"{secrets.token_hex(6)}@example.com"
    member = await admin.invite(email.upper(), auth_pb.ROLE_REVIEWER)
    assert (member.user.email, member.user.role) == (email, auth_pb.ROLE_REVIEWER)
    assert reason(await failure(client.login(email, NEXT))) == "WRONG_CREDENTIALS"
    request = auth_pb.ConfirmPasswordResetRequest(
        secret=await house.link_for(email), new_password=NEXT
    )
    await client.call(client.auth.ConfirmPasswordReset, request)
    message = (await client.login(email, NEXT)).message
    assert (message.tenant.slug, message.user.id) == (admin.slug, member.user.id)
    error = await failure(admin.invite(email, auth_pb.ROLE_VIEWER))
    assert error.code() is grpc.StatusCode.ALREADY_EXISTS


async def test_who_is_known_is_a_member_at_once(house: House, client: Client, admin: Admin) -> None:
    email = await house.enroll(slug="acme")
    await admin.invite(email, auth_pb.ROLE_VIEWER)
    assert (await client.login(email, PASSWORD, admin.slug)).message.tenant.slug == admin.slug


async def test_members_are_listed_by_address(house: House, client: Client, admin: Admin) -> None:
    emails = sorted([await house.enroll(slug=admin.slug) for _ in range(4)] + [admin.email])
    await house.enroll(slug="others")
    boss = {"boss@example.com"}
    found, token = [], ""
    while True:
        request = pb.ListUsersRequest(page_size=2, page_token=token)
        answer = await admin.call(client.users.ListUsers, request)
        found += [one.user.email for one in answer.members]
        token = answer.next_page_token
        if not token:
            break
    assert [one for one in found if one not in boss] == emails
    stranger = pb.GetUserRequest(user_id=new_id())
    error = await failure(admin.call(client.users.GetUser, stranger))
    assert error.code() is grpc.StatusCode.NOT_FOUND


async def test_another_role_counts_for_tokens_that_are_out(
    house: House, client: Client, admin: Admin
) -> None:
    email = await house.enroll("ADMIN", slug=admin.slug)
    reply = await client.login(email, PASSWORD)
    member = await admin.change(reply.message.user.id, auth_pb.ROLE_VIEWER)
    assert member.user.role == auth_pb.ROLE_VIEWER
    assert await refused(client, reply.message.access_token) == "TOKEN_REVOKED"
    # The session goes on, with less.
    again = (await client.refresh(reply.refresh_token)).message.access_token
    assert (await client.whoami(again)).user.role == auth_pb.ROLE_VIEWER
    denied = client.call(client.users.InviteUser, pb.InviteUserRequest(), again)
    assert (await failure(denied)).code() is grpc.StatusCode.PERMISSION_DENIED


async def test_who_is_deactivated_is_out_of_this_tenant_alone(
    house: House, client: Client, admin: Admin
) -> None:
    email = await house.enroll(slug=admin.slug)
    await house.enroll(slug="acme", email=email)
    here = await client.login(email, PASSWORD, admin.slug)
    there = await client.login(email, PASSWORD, "acme")
    user_id = here.message.user.id
    assert (await admin.deactivate(user_id)).HasField("deactivate_time")
    assert await refused(client, here.message.access_token) == "TOKEN_REVOKED"
    assert reason(await failure(client.refresh(here.refresh_token))) == "TOKEN_REVOKED"
    error = await failure(client.login(email, PASSWORD, admin.slug))
    assert reason(error) == "WRONG_CREDENTIALS"
    await client.whoami(there.message.access_token)
    await admin.call(client.users.ReactivateUser, pb.ReactivateUserRequest(user_id=user_id))
    await client.at(new_source()).login(email, PASSWORD, admin.slug)


async def test_a_tenant_keeps_an_administrator(admin: Admin) -> None:
    for attempt in (
        admin.change(admin.user_id, auth_pb.ROLE_VIEWER),
        admin.deactivate(admin.user_id),
    ):
        assert (await failure(attempt)).code() is grpc.StatusCode.FAILED_PRECONDITION


async def test_settings_are_changed_by_one_at_a_time(client: Client, admin: Admin) -> None:
    found = await admin.call(client.tenants.GetTenant, tenant_pb.GetTenantRequest())
    assert (found.settings.locale, found.settings.time_zone) == ("en", "UTC")
    wanted = tenant_pb.TenantSettings(
        display_name="Acme", locale="th", time_zone="Asia/Bangkok", etag=found.settings.etag
    )
    request = tenant_pb.UpdateTenantRequest(settings=wanted)
    done = await admin.call(client.tenants.UpdateTenant, request)
    assert done.settings.time_zone == "Asia/Bangkok"
    error = await failure(admin.call(client.tenants.UpdateTenant, request))
    assert error.code() is grpc.StatusCode.ABORTED
    for field, value in (("locale", "xx"), ("time_zone", "Mars/Base"), ("display_name", " ")):
        wrong = tenant_pb.TenantSettings()
        wrong.CopyFrom(done.settings)
        setattr(wrong, field, value)
        request = tenant_pb.UpdateTenantRequest(settings=wrong)
        error = await failure(admin.call(client.tenants.UpdateTenant, request))
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def made(admin: Admin, *scopes: str, days: int = 30) -> Any:
    request = key_pb.CreateApiKeyRequest(
        display_name="ERP", scopes=scopes or ["OCR_READ"], lifetime_days=days
    )
    return await admin.call(admin.client.keys.CreateApiKey, request)


async def exchange(client: Client, secret: str, origin: str = "") -> str:
    metadata = [(API_KEY, secret), ("x-envoy-external-address", new_source())]
    metadata += [("origin", origin)] if origin else []
    request = key_pb.ExchangeApiKeyRequest()
    answer = await client.keys.ExchangeApiKey(request, metadata=tuple(metadata))
    return str(answer.access_token)


async def test_a_key_gives_tokens_that_do_what_it_was_made_for(
    house: House, client: Client, admin: Admin
) -> None:
    key = await made(admin, "OCR_READ", "USERS_READ")
    token = await exchange(client, key.secret)
    await client.call(client.users.ListUsers, pb.ListUsersRequest(), token)
    for method, request in (
        (client.users.InviteUser, pb.InviteUserRequest()),
        (client.tenants.GetTenant, tenant_pb.GetTenantRequest()),
        (client.auth.ListSessions, auth_pb.ListSessionsRequest()),
    ):
        error = await failure(client.call(method, request, token))
        assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    async with dialed(app_of(), house.mesh) as reader:
        await engines(reader, token)
    listed = await admin.call(client.keys.ListApiKeys, key_pb.ListApiKeysRequest())
    (one,) = listed.api_keys
    assert one.HasField("last_use_time")
    assert one.prefix == key.secret[: len(one.prefix)]
    kept = await house.rows("SELECT api_key::text FROM identity.api_key")
    assert not [row for row in kept if key.secret in row[0]]


async def test_a_withdrawn_key_and_its_tokens_count_no_more(client: Client, admin: Admin) -> None:
    key = await made(admin, "USERS_READ")
    token = await exchange(client, key.secret)
    request = key_pb.RevokeApiKeyRequest(api_key_id=key.api_key.id)
    await admin.call(client.keys.RevokeApiKey, request)
    assert reason(await failure(exchange(client, key.secret))) == "SECRET_SPENT"
    while True:
        try:
            await client.call(client.users.ListUsers, pb.ListUsersRequest(), token)
        except grpc.aio.AioRpcError as error:
            found = reason(error)
            break
    assert found == "TOKEN_REVOKED"


async def test_a_key_ends_with_its_days_and_is_not_for_browsers(
    house: House, client: Client, admin: Admin
) -> None:
    key = await made(admin, days=1)
    error = await failure(exchange(client, key.secret, ORIGIN))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
    house.clock.forward(days=1)
    assert reason(await failure(exchange(client, key.secret))) == "SECRET_SPENT"
    assert reason(await failure(exchange(client, "dochub_none"))) == "SECRET_SPENT"


@pytest.mark.parametrize("scope", ["USERS_WRITE", "API_KEYS_WRITE", "AUDIT_READ", "NONE"])
async def test_keys_are_not_made_for_everything(admin: Admin, scope: str) -> None:
    assert scope not in KEY_SCOPES
    error = await failure(made(admin, scope))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_what_is_done_is_told(house: House, client: Client, admin: Admin) -> None:
    member = await admin.invite(f"{secrets.token_hex(6)}@example.com", auth_pb.ROLE_VIEWER)
    await admin.change(member.user.id, auth_pb.ROLE_MANAGER)
    await made(admin)
    rows = await house.rows(
        "SELECT action, payload::jsonb -> 'facts' AS facts FROM identity.audit_event e"
        " JOIN identity.tenant t ON t.id = e.tenant_id WHERE t.slug = $1 ORDER BY seq",
        admin.slug,
    )
    assert [row["action"] for row in rows] == [
        "session.opened",
        "user.invited",
        "user.role_changed",
        "api_key.created",
    ]
    assert rows[2]["facts"] == '{"role_after": "MANAGER", "role_before": "VIEWER"}'
