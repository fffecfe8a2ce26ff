"""What people do about their own account: sessions, tenants, passwords, second factors."""

import asyncio
from typing import Any

import grpc
import pyotp
import pytest

from dochub.identity.v1 import auth_service_pb2 as pb
from hubkit.testing.failures import failure, reason
from tests.integration.identity.house import PASSWORD, Client, House, new_source

NEXT = "another horse, another battery"


async def ended(client: Client, token: str) -> None:
    """Wait until an access token is refused."""
    while True:
        try:
            await client.whoami(token)
        except grpc.aio.AioRpcError as error:
            if reason(error) == "TOKEN_REVOKED":
                return
            raise


async def sessions(client: Client, token: str) -> list[Any]:
    return list(
        (await client.call(client.auth.ListSessions, pb.ListSessionsRequest(), token)).sessions
    )


async def test_sessions_are_seen_and_ended_one_by_one(house: House, client: Client) -> None:
    email = await house.enroll(slug="acme")
    await house.enroll(slug="globex", email=email)
    first = (await client.login(email, PASSWORD, "acme")).message.access_token
    elsewhere = client.at(new_source())
    house.clock.forward(seconds=1)
    second = (await elsewhere.login(email, PASSWORD, "globex")).message.access_token
    found = await sessions(client, first)
    assert [(one.tenant.slug, one.current) for one in found] == [
        ("globex", False),
        ("acme", True),
    ]
    assert found[0].source != found[1].source
    assert found[0].user_agent.startswith("grpc-python")
    request = pb.RevokeSessionRequest(session_id=found[0].id)
    for _ in range(2):  # again changes nothing
        await client.call(client.auth.RevokeSession, request, first)
    await ended(client, second)
    assert [one.current for one in await sessions(client, first)] == [True]


async def test_nobody_ends_sessions_of_others(house: House, client: Client) -> None:
    ours = (await client.login(await house.enroll(), PASSWORD)).message.access_token
    theirs = (await client.login(await house.enroll(), PASSWORD)).message.access_token
    (session,) = await sessions(client, theirs)
    request = pb.RevokeSessionRequest(session_id=session.id)
    await client.call(client.auth.RevokeSession, request, ours)
    assert [one.id for one in await sessions(client, theirs)] == [session.id]
    await client.whoami(theirs)


async def test_all_sessions_end_but_the_present_one(house: House, client: Client) -> None:
    email = await house.enroll()
    tokens = [(await client.login(email, PASSWORD)).message.access_token for _ in range(3)]
    request = pb.RevokeAllSessionsRequest(keep_current=True)
    done = await client.call(client.auth.RevokeAllSessions, request, tokens[0])
    assert done.revoked_count == 2
    for token in tokens[1:]:
        await ended(client, token)
    await client.whoami(tokens[0])
    await client.call(client.auth.RevokeAllSessions, pb.RevokeAllSessionsRequest(), tokens[0])
    await ended(client, tokens[0])


async def test_going_on_in_another_tenant(house: House, client: Client) -> None:
    email = await house.enroll("VIEWER", slug="acme")
    await house.enroll("ADMIN", slug="globex", email=email)
    await house.enroll(slug="others")
    here = await client.login(email, PASSWORD, "acme")
    token = here.message.access_token
    assert [one.slug for one in (await client.whoami(token)).tenants] == ["acme", "globex"]
    error = await failure(client.switch(token, "others"))
    assert error.code() is grpc.StatusCode.NOT_FOUND
    house.clock.forward(days=1)
    there = await client.switch(token, "globex")
    assert there.message.tenant.slug == "globex"
    assert there.message.user.role == pb.ROLE_ADMIN
    # It lasts no longer than the one it came from.
    assert there.message.session_expire_time == here.message.session_expire_time
    await ended(client, token)
    assert reason(await failure(client.refresh(here.refresh_token))) == "TOKEN_REVOKED"
    await client.whoami((await client.refresh(there.refresh_token)).message.access_token)


async def change(client: Client, token: str, present: str, wanted: str) -> None:
    request = pb.ChangePasswordRequest(current_password=present, new_password=wanted)
    await client.call(client.auth.ChangePassword, request, token)


async def test_a_change_of_password_ends_the_other_sessions(house: House, client: Client) -> None:
    email = await house.enroll(slug="acme")
    await house.enroll(slug="globex", email=email)
    kept = (await client.login(email, PASSWORD, "acme")).message.access_token
    other = await client.login(email, PASSWORD, "globex")
    assert reason(await failure(change(client, kept, "wrong horse", NEXT))) == "WRONG_CREDENTIALS"
    await change(client, kept, PASSWORD, NEXT)
    await ended(client, other.message.access_token)
    assert reason(await failure(client.refresh(other.refresh_token))) == "TOKEN_REVOKED"
    await client.whoami(kept)
    assert reason(await failure(client.login(email, PASSWORD, "acme"))) == "WRONG_CREDENTIALS"
    await client.login(email, NEXT, "acme")


@pytest.mark.parametrize(
    "wanted", ["short", "Password1234!", "qwertyqwerty", "aaaaaaaaaaaaaaaa", "1q2w3e4r5t6y"]
)
async def test_passwords_that_others_try_first_are_refused(
    house: House, client: Client, wanted: str
) -> None:
    token = (await client.login(await house.enroll(), PASSWORD)).message.access_token
    error = await failure(change(client, token, PASSWORD, wanted))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


async def reset(client: Client, secret: str, wanted: str) -> None:
    request = pb.ConfirmPasswordResetRequest(secret=secret, new_password=wanted)
    await client.call(client.auth.ConfirmPasswordReset, request)


async def ask(client: Client, email: str) -> None:
    await client.call(client.auth.RequestPasswordReset, pb.RequestPasswordResetRequest(email=email))


async def test_a_mailed_link_sets_a_password_once(house: House, client: Client) -> None:
    email = await house.enroll()
    before = await client.login(email, PASSWORD)
    await ask(client, email)
    secret = await house.link_for(email)
    await reset(client, secret, NEXT)
    await ended(client, before.message.access_token)
    await client.login(email, NEXT)
    assert reason(await failure(reset(client, secret, PASSWORD))) == "SECRET_SPENT"


async def test_a_link_ends_with_its_hour_and_with_the_next_one(
    house: House, client: Client
) -> None:
    email = await house.enroll()
    await ask(client, email)
    first = await house.link_for(email)
    await ask(client, email)
    second = await house.link_for(email)
    assert reason(await failure(reset(client, first, NEXT))) == "SECRET_SPENT"
    house.clock.forward(minutes=61)
    assert reason(await failure(reset(client, second, NEXT))) == "SECRET_SPENT"


async def test_asking_for_a_link_tells_nothing_and_is_throttled(
    house: House, client: Client
) -> None:
    email = await house.enroll()
    for _ in range(5):
        await ask(client, "nobody@example.com")
    error = await failure(ask(client, "nobody@example.com"))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    await ask(client, email)
    await house.link_for(email)
    assert not list(house.outbox.glob("*.eml"))


async def with_factor(house: House, client: Client, email: str) -> tuple[pyotp.TOTP, list[str]]:
    token = (await client.login(email, PASSWORD)).message.access_token
    enroll = pb.EnrollSecondFactorRequest(current_password=PASSWORD)
    shared = await client.call(client.auth.EnrollSecondFactor, enroll, token)
    authenticator = pyotp.parse_uri(shared.otpauth_uri)
    assert isinstance(authenticator, pyotp.TOTP)
    assert authenticator.secret == shared.secret
    wrong = pb.ConfirmSecondFactorRequest(code="000000")
    assert (await failure(client.call(client.auth.ConfirmSecondFactor, wrong, token))).code() is (
        grpc.StatusCode.INVALID_ARGUMENT
    )
    await client.login(email, PASSWORD)  # nothing is asked for before it is confirmed
    right = pb.ConfirmSecondFactorRequest(code=authenticator.at(house.clock.now))
    codes = (await client.call(client.auth.ConfirmSecondFactor, right, token)).recovery_codes
    assert (await client.whoami(token)).has_second_factor
    return authenticator, list(codes)


async def test_a_second_factor_is_asked_for_and_each_code_works_once(
    house: House, client: Client
) -> None:
    email = await house.enroll()
    authenticator, codes = await with_factor(house, client, email)
    assert len(set(codes)) == 10
    error = await failure(client.login(email, PASSWORD))
    assert reason(error) == "SECOND_FACTOR_NEEDED"
    used = authenticator.at(house.clock.now)
    assert reason(await failure(client.login(email, PASSWORD, code=used))) == "WRONG_CREDENTIALS"
    house.clock.forward(seconds=30)
    fresh = authenticator.at(house.clock.now)
    outcomes = await asyncio.gather(
        *(client.at(new_source()).login(email, PASSWORD, code=fresh) for _ in range(5)),
        return_exceptions=True,
    )
    assert sum(not isinstance(one, Exception) for one in outcomes) == 1
    await client.at(new_source()).login(email, PASSWORD, code=codes[3].upper())
    again = client.at(new_source()).login(email, PASSWORD, code=codes[3])
    assert reason(await failure(again)) == "WRONG_CREDENTIALS"


async def test_removing_a_second_factor_needs_both(house: House, client: Client) -> None:
    email = await house.enroll()
    _, codes = await with_factor(house, client, email)
    token = (await client.login(email, PASSWORD, code=codes[0])).message.access_token
    for password, code in (("wrong horse", codes[1]), (PASSWORD, "000000")):
        request = pb.RemoveSecondFactorRequest(current_password=password, second_factor=code)
        error = await failure(client.call(client.auth.RemoveSecondFactor, request, token))
        assert reason(error) == "WRONG_CREDENTIALS"
    request = pb.RemoveSecondFactorRequest(current_password=PASSWORD, second_factor=codes[1])
    await client.call(client.auth.RemoveSecondFactor, request, token)
    await client.login(email, PASSWORD)


async def test_what_is_kept_of_a_second_factor_is_sealed(house: House, client: Client) -> None:
    email = await house.enroll()
    authenticator, codes = await with_factor(house, client, email)
    (row,) = await house.rows(
        "SELECT totp_secret, recovery_digests FROM identity.person WHERE email = $1", email
    )
    kept = bytes(row["totp_secret"]) + b"".join(row["recovery_digests"])
    assert authenticator.secret.encode() not in kept
    assert not [code for code in codes if code.replace("-", "").encode() in kept]
