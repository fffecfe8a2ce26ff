"""Signing in: who gets in, where, and what failures tell."""

import asyncio
import statistics
import time
from datetime import UTC, timedelta

import grpc
import pytest
from google.rpc.error_details_pb2 import (  # type: ignore[import-untyped]  # ships no types
    BadRequest,
    ErrorInfo,
    RetryInfo,
)

from dochub.identity.v1 import auth_service_pb2 as pb
from hubkit.core.permissions import permissions_of
from hubkit.testing.failures import failure, reason
from identity_service.config import PasswordSettings
from identity_service.convert.carrier import COOKIE, METADATA
from identity_service.offline import set_disabled, set_password
from tests.integration.identity.house import ORIGIN, PASSWORD, Client, House, detail, new_source


async def test_the_right_password_opens_a_session(house: House, client: Client) -> None:
    email = await house.enroll("REVIEWER")
    reply = await client.login(f" {email.upper()} ", PASSWORD)
    message = reply.message
    assert message.user.email == email
    assert message.user.role == pb.ROLE_REVIEWER
    assert message.tenant.slug == "acme"
    start = house.clock.now
    access_end = message.access_token_expire_time.ToDatetime(UTC)
    assert access_end - start == timedelta(minutes=10)
    assert message.session_expire_time.ToDatetime(UTC) - start == timedelta(days=30)
    here = await client.whoami(message.access_token)
    assert here.user == message.user
    assert here.tenant == message.tenant
    assert list(here.permissions) == sorted(permissions_of("REVIEWER"))


@pytest.mark.parametrize("case", ["password", "person", "tenant", "tenant of others", "disabled"])
async def test_every_wrong_part_gets_the_same_answer(
    house: House, client: Client, case: str
) -> None:
    email, password, slug = await house.enroll(), PASSWORD, "acme"
    await house.enroll(slug="globex")
    if case == "password":
        password = "wrong horse"
    elif case == "person":
        email = "nobody@example.com"
    elif case == "tenant":
        slug = "no such tenant"
    elif case == "tenant of others":
        slug = "globex"
    else:
        await set_disabled(house.owner_dsn, email, disabled=True)
    error = await failure(client.login(email, password, slug))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(error) == "WRONG_CREDENTIALS"
    assert error.details() == "the e-mail address, the password or the company is wrong"
    assert METADATA not in dict(error.trailing_metadata() or ())


async def test_a_person_of_two_tenants_names_one(house: House, client: Client) -> None:
    email = await house.enroll("VIEWER", slug="acme")
    await house.enroll("ADMIN", slug="globex", email=email)
    error = await failure(client.login(email, PASSWORD))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(error, BadRequest).field_violations[0].field == "tenant_slug"
    assert detail(error, ErrorInfo).metadata["tenant_slugs"] == "acme,globex"
    for slug, role in (("acme", pb.ROLE_VIEWER), ("globex", pb.ROLE_ADMIN)):
        message = (await client.login(email, PASSWORD, slug)).message
        assert message.tenant.slug == slug
        assert message.user.role == role


async def test_the_choice_of_tenants_is_told_to_its_person_alone(
    house: House, client: Client
) -> None:
    email = await house.enroll(slug="acme")
    await house.enroll(slug="globex", email=email)
    error = await failure(client.login(email, "wrong horse"))
    assert reason(error) == "WRONG_CREDENTIALS"


@pytest.mark.parametrize(
    ("email", "password", "field"),
    [("no address", "x", "email"), ("a@b.c", "", "password"), ("a@b.c", "x" * 1025, "password")],
)
async def test_what_cannot_be_right_is_refused_by_field(
    client: Client, email: str, password: str, field: str
) -> None:
    error = await failure(client.login(email, password))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert detail(error, BadRequest).field_violations[0].field == field


async def test_a_browser_gets_a_cookie_and_never_metadata(house: House, client: Client) -> None:
    email = await house.enroll()
    reply = await client.login(email, PASSWORD, extra=(("origin", ORIGIN),))
    sent = dict(reply.metadata)
    assert METADATA not in sent
    name, *attributes = sent["set-cookie"].split("; ")
    assert name.startswith(f"{COOKIE}=")
    assert set(attributes) == {"Secure", "HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=604800"}
    again = await client.refresh_in_browser(reply.refresh_token)
    assert METADATA not in dict(again.metadata)
    out = await client.logout(again.message.access_token, (("origin", ORIGIN),))
    assert dict(out.metadata)["set-cookie"].startswith(f"{COOKIE}=;")
    assert "Max-Age=0" in dict(out.metadata)["set-cookie"]


async def test_others_get_metadata_and_never_a_cookie(house: House, client: Client) -> None:
    sent = dict((await client.login(await house.enroll(), PASSWORD)).metadata)
    assert METADATA in sent
    assert "set-cookie" not in sent


async def test_a_page_of_another_origin_signs_nobody_in(house: House, client: Client) -> None:
    email = await house.enroll()
    foreign = (("origin", "https://evil.example"),)
    error = await failure(client.login(email, PASSWORD, extra=foreign))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED


async def test_other_parameters_renew_the_hash_at_the_next_sign_in(house: House) -> None:
    email = await house.enroll()
    query = "SELECT password_hash FROM identity.person WHERE email = $1"
    (before,) = await house.rows(query, email)
    assert before[0].startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    stronger = PasswordSettings(memory_kib=24_576)
    async with house.served(passwords=stronger) as client:
        await failure(client.login(email, "wrong horse"))
        assert await house.rows(query, email) == [before]
        await client.login(email, PASSWORD)
        (after,) = await house.rows(query, email)
        assert after[0].startswith("$argon2id$v=19$m=24576,t=2,p=1$")
        await client.login(email, PASSWORD)
        assert await house.rows(query, email) == [after]


async def test_a_new_password_ends_the_sessions_of_the_old_one(
    house: House, client: Client
) -> None:
    email = await house.enroll()
    reply = await client.login(email, PASSWORD)
    made_up = await set_password(house.owner_dsn, email)
    assert made_up is not None
    assert reason(await failure(client.refresh(reply.refresh_token))) == "TOKEN_REVOKED"
    assert reason(await failure(client.login(email, PASSWORD))) == "WRONG_CREDENTIALS"
    await client.login(email, made_up)


async def test_more_passwords_than_can_wait_are_told_to_come_back(house: House) -> None:
    emails = [await house.enroll() for _ in range(4)]
    one_at_a_time = PasswordSettings(threads=1, max_waiting=1, iterations=20)
    async with house.served(passwords=one_at_a_time) as client:
        outcomes = await asyncio.gather(
            *(client.at(new_source()).login(email, PASSWORD) for email in emails),
            return_exceptions=True,
        )
    failures = [found for found in outcomes if isinstance(found, grpc.aio.AioRpcError)]
    assert failures
    assert {error.code() for error in failures} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert all(detail(error, RetryInfo).retry_delay.seconds == 2 for error in failures)


async def test_nothing_tells_known_from_unknown_people_by_time(
    house: House, client: Client
) -> None:
    known = [await house.enroll() for _ in range(5)]
    taken: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(15):
        for is_known in (True, False):
            email = known[turn % 5] if is_known else f"nobody{turn}@example.com"
            started = time.perf_counter()
            await failure(client.at(new_source()).login(email, "wrong horse"))
            taken[is_known].append(time.perf_counter() - started)
    known_s, unknown_s = (statistics.median(taken[is_known]) for is_known in (True, False))
    assert 1 / 1.5 < known_s / unknown_s < 1.5


async def test_no_secret_is_logged(
    house: House, client: Client, capfd: pytest.CaptureFixture[str]
) -> None:
    email = await house.enroll()
    reply = await client.login(email, PASSWORD)
    again = await client.refresh(reply.refresh_token)
    await failure(client.login(email, "wrong horse canary"))
    await client.logout(again.message.access_token)
    out, err = capfd.readouterr()
    written = out + err
    assert "signed in" in written
    secrets = [PASSWORD, "wrong horse canary", reply.refresh_token, again.refresh_token]
    secrets += [reply.message.access_token, again.message.access_token, email]
    assert not [secret for secret in secrets if secret[:12] in written]
