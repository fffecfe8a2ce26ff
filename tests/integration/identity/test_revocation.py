"""What identity tells the mesh of tokens that no longer count."""

from collections.abc import AsyncIterator

import grpc
import pytest

from hubkit.testing.failures import failure, reason
from hubkit.testing.probe import app_of, dialed, engines
from identity_service.offline import set_disabled
from tests.integration.identity.house import PASSWORD, Client, House

POLL_S = 0.02


@pytest.fixture
async def reader(house: House, client: Client) -> AsyncIterator[grpc.aio.Channel]:
    """Another service of the mesh, which knows identity by its address alone."""
    async with dialed(
        app_of(),
        house.mesh,
        identity_target=client.target,
        revocation_poll_s=POLL_S,
        service_key_file=house.mesh.folder / "keys" / "ocr.pem",
    ) as channel:
        yield channel


async def refusal(reader: grpc.aio.Channel, token: str) -> str:
    """Call until the token is refused."""
    while True:
        try:
            await engines(reader, token)
        except grpc.aio.AioRpcError as error:
            return reason(error)


async def test_signing_out_reaches_every_service(
    house: House, client: Client, reader: grpc.aio.Channel
) -> None:
    email = await house.enroll()
    ended = (await client.login(email, PASSWORD)).message.access_token
    kept = (await client.login(email, PASSWORD)).message.access_token
    await engines(reader, ended)
    await client.logout(ended)
    assert await refusal(reader, ended) == "TOKEN_REVOKED"
    await engines(reader, kept)


async def test_a_disabled_person_is_out_of_every_service(
    house: House, client: Client, reader: grpc.aio.Channel
) -> None:
    email = await house.enroll()
    token = (await client.login(email, PASSWORD)).message.access_token
    await engines(reader, token)
    await set_disabled(house.owner_dsn, email, disabled=True)
    assert await refusal(reader, token) == "TOKEN_REVOKED"
    await set_disabled(house.owner_dsn, email, disabled=False)
    await engines(reader, (await client.login(email, PASSWORD)).message.access_token)


@pytest.mark.parametrize("table", ["person", "membership", "tenant"])
async def test_what_is_closed_by_hand_counts_too(
    house: House, client: Client, reader: grpc.aio.Channel, table: str
) -> None:
    email = await house.enroll(slug=f"closed-{table}")
    reply = await client.login(email, PASSWORD)
    message = reply.message
    await engines(reader, message.access_token)
    where = {
        "person": f"id = '{message.user.id}'",
        "membership": f"person_id = '{message.user.id}'",
        "tenant": f"id = '{message.tenant.id}'",
    }[table]
    await house.rows(f"UPDATE identity.{table} SET disable_time = now() WHERE {where}")  # noqa: S608  # all ours
    assert await refusal(reader, message.access_token) == "TOKEN_REVOKED"
    assert reason(await failure(client.refresh(reply.refresh_token))) == "TOKEN_REVOKED"
    assert reason(await failure(client.login(email, PASSWORD))) == "WRONG_CREDENTIALS"


async def test_people_cannot_ask_what_was_revoked(house: House, client: Client) -> None:
    token = (await client.login(await house.enroll("ADMIN"), PASSWORD)).message.access_token
    error = await failure(client.revocations(token))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
