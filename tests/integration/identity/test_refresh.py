"""Staying signed in: rotation, lost replies, copies, and the end of sessions."""

import asyncio

import grpc
import pytest

from hubkit.testing.failures import failure, reason
from identity_service.convert.carrier import COOKIE, METADATA
from identity_service.domain.session import RefreshSecret
from identity_service.offline import set_disabled
from tests.integration.identity.house import ORIGIN, PASSWORD, Client, House, Reply


async def signed_in(house: House, client: Client) -> Reply:
    return await client.login(await house.enroll(), PASSWORD)


async def end_reason(house: House, token: str) -> str:
    secret = RefreshSecret.parse(token)
    assert secret is not None
    rows = await house.rows(
        "SELECT s.end_reason FROM identity.session s"
        " JOIN identity.refresh_token r ON r.session_id = s.id WHERE r.digest = $1",
        secret.digest,
    )
    return str(rows[0]["end_reason"])


async def test_a_token_yields_a_new_pair_each_time(house: House, client: Client) -> None:
    reply = await signed_in(house, client)
    seen = {reply.refresh_token}
    for _ in range(5):
        house.clock.forward(minutes=9)
        reply = await client.refresh(reply.refresh_token)
        assert (await client.whoami(reply.message.access_token)).tenant.slug == "acme"
        seen.add(reply.refresh_token)
    assert len(seen) == 6


async def test_twenty_refreshes_at_once_give_one_successor(house: House, client: Client) -> None:
    first = (await signed_in(house, client)).refresh_token
    replies = await asyncio.gather(*(client.refresh(first) for _ in range(20)))
    assert len({reply.refresh_token for reply in replies}) == 1
    await client.refresh(replies[0].refresh_token)


async def test_a_lost_reply_can_be_asked_for_again(house: House, client: Client) -> None:
    first = (await signed_in(house, client)).refresh_token
    lost = await client.refresh(first)
    house.clock.forward(seconds=30)
    again = await client.refresh(first)
    assert again.refresh_token == lost.refresh_token
    assert again.message.access_token
    await client.refresh(again.refresh_token)


async def test_a_copy_used_after_the_grace_ends_the_session(house: House, client: Client) -> None:
    first = (await signed_in(house, client)).refresh_token
    second = (await client.refresh(first)).refresh_token
    house.clock.forward(seconds=31)
    assert reason(await failure(client.refresh(first))) == "TOKEN_REVOKED"
    error = await failure(client.refresh(second))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(error) == "TOKEN_REVOKED"
    assert await end_reason(house, second) == "REPLAYED"


async def test_an_older_copy_ends_the_session_at_once(house: House, client: Client) -> None:
    first = (await signed_in(house, client)).refresh_token
    second = (await client.refresh(first)).refresh_token
    third = (await client.refresh(second)).refresh_token
    assert reason(await failure(client.refresh(first))) == "TOKEN_REVOKED"
    for token in (second, third):
        assert reason(await failure(client.refresh(token))) == "TOKEN_REVOKED"


async def test_a_copy_ends_its_own_session_alone(house: House, client: Client) -> None:
    email = await house.enroll()
    one, other = [(await client.login(email, PASSWORD)).refresh_token for _ in range(2)]
    await client.refresh(one)
    house.clock.forward(seconds=31)
    await failure(client.refresh(one))
    await client.refresh(other)


async def test_a_session_ends_when_idle_and_for_good(house: House, client: Client) -> None:
    token = (await signed_in(house, client)).refresh_token
    for _ in range(4):
        house.clock.forward(days=6)
        token = (await client.refresh(token)).refresh_token
    house.clock.forward(days=6)
    assert reason(await failure(client.refresh(token))) == "TOKEN_REVOKED"
    idle = (await signed_in(house, client)).refresh_token
    house.clock.forward(days=7)
    assert reason(await failure(client.refresh(idle))) == "TOKEN_REVOKED"


async def test_signing_out_ends_refreshing_and_is_safe_to_repeat(
    house: House, client: Client
) -> None:
    reply = await signed_in(house, client)
    await client.logout(reply.message.access_token)
    try:
        await client.logout(reply.message.access_token)
    except grpc.aio.AioRpcError as late:
        assert reason(late) == "TOKEN_REVOKED"  # noqa: PT017  # it may have come through meanwhile
    assert reason(await failure(client.refresh(reply.refresh_token))) == "TOKEN_REVOKED"
    assert reason(await failure(client.whoami(reply.message.access_token))) == "TOKEN_REVOKED"
    assert await end_reason(house, reply.refresh_token) == "SIGNED_OUT"


async def test_a_disabled_person_is_out_and_a_new_role_is_in_the_next_token(
    house: House, client: Client
) -> None:
    email = await house.enroll("VIEWER")
    reply = await client.login(email, PASSWORD)
    await house.rows(
        "UPDATE identity.membership m SET role = 'MANAGER' FROM identity.person p"
        " WHERE p.id = m.person_id AND p.email = $1",
        email,
    )
    reply = await client.refresh(reply.refresh_token)
    here = await client.whoami(reply.message.access_token)
    assert "DOCUMENTS_DELETE" in here.permissions
    await set_disabled(house.owner_dsn, email, disabled=True)
    assert reason(await failure(client.whoami(reply.message.access_token))) == "TOKEN_REVOKED"
    assert reason(await failure(client.refresh(reply.refresh_token))) == "TOKEN_REVOKED"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE identity.person SET disable_time = now() WHERE email = $1",
        "UPDATE identity.tenant SET disable_time = now() WHERE slug = 'globex' AND $1 <> ''",
        "DELETE FROM identity.membership m USING identity.person p"
        " WHERE p.id = m.person_id AND p.email = $1",
    ],
)
async def test_who_lost_their_place_is_shut_out(
    house: House, client: Client, statement: str
) -> None:
    email = await house.enroll(slug="globex")
    reply = await client.login(email, PASSWORD)
    await house.rows(statement, email)
    try:
        assert reason(await failure(client.whoami(reply.message.access_token))) == "TOKEN_REVOKED"
        assert reason(await failure(client.refresh(reply.refresh_token))) == "TOKEN_REVOKED"
        assert await end_reason(house, reply.refresh_token) == "SHUT_OUT"
        assert reason(await failure(client.login(email, PASSWORD))) == "WRONG_CREDENTIALS"
    finally:
        await house.rows("UPDATE identity.tenant SET disable_time = NULL")


@pytest.mark.parametrize("token", ["", "x", "A" * 43])
async def test_what_was_never_given_out_is_refused(client: Client, token: str) -> None:
    error = await failure(client.refresh(token))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED
    assert reason(error) == "UNAUTHENTICATED"


async def test_a_browser_refreshes_by_cookie_alone(house: House, client: Client) -> None:
    token = (await signed_in(house, client)).refresh_token
    cookie = ("cookie", f"{COOKIE}={token}")
    native = (METADATA, token)
    for pairs, code in (
        ((("origin", ORIGIN), native), grpc.StatusCode.PERMISSION_DENIED),
        ((("origin", ORIGIN), cookie, native), grpc.StatusCode.PERMISSION_DENIED),
        ((("origin", "https://evil.example"), cookie), grpc.StatusCode.PERMISSION_DENIED),
        ((cookie,), grpc.StatusCode.UNAUTHENTICATED),
    ):
        assert (await failure(client.refresh_with(pairs))).code() is code
    await client.refresh_in_browser(token)


async def test_refreshing_goes_on_over_a_restart(house: House) -> None:
    async with house.served() as client:
        first = (await signed_in(house, client)).refresh_token
        second = (await client.refresh(first)).refresh_token
    async with house.served() as client:
        assert (await client.refresh(first)).refresh_token == second
        await client.refresh(second)
