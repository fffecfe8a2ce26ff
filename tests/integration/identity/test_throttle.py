"""Tries to sign in are counted before passwords are looked at."""

import asyncio
from typing import Any

import grpc
from google.rpc.error_details_pb2 import (  # type: ignore[import-untyped]  # ships no types
    RetryInfo,
)

from hubkit.testing.failures import failure, reason
from tests.integration.identity.house import PASSWORD, Client, House, detail, new_source


def retry_delay_s(error: grpc.aio.AioRpcError) -> float:
    return float(detail(error, RetryInfo).retry_delay.ToMilliseconds()) / 1000


async def codes(calls: list[Any]) -> list[str]:
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    return [
        found.code().name if isinstance(found, grpc.aio.AioRpcError) else "OK" for found in outcomes
    ]


async def exhaust(house: House, client: Client, email: str) -> int:
    """Try as often as is let in within 15 minutes; gives how often that was."""
    looked_at = 0
    for _ in range(1000):
        error = await failure(client.login(email, "wrong horse"))
        if reason(error) == "WRONG_CREDENTIALS":
            looked_at += 1
            continue
        wait_s = retry_delay_s(error)
        if wait_s > 60:
            return looked_at
        house.clock.forward(seconds=wait_s)
    raise AssertionError("never shut out")


async def test_an_account_is_tried_ten_times_from_one_source(house: House, client: Client) -> None:
    email = await house.enroll()
    assert await exhaust(house, client, email) == 10
    error = await failure(client.login(email, PASSWORD))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason(error) == "BUSY"
    house.clock.forward(seconds=retry_delay_s(error))
    await client.login(email, PASSWORD)


async def test_the_owner_gets_in_from_elsewhere(house: House, client: Client) -> None:
    email = await house.enroll()
    await exhaust(house, client, email)
    await client.at(new_source()).login(email, PASSWORD)


async def test_unknown_accounts_are_throttled_alike(house: House, client: Client) -> None:
    assert await exhaust(house, client, "ghost@example.com") == 10


async def test_pauses_grow(house: House, client: Client) -> None:
    email = await house.enroll()
    for _ in range(5):
        assert reason(await failure(client.login(email, "wrong horse"))) == "WRONG_CREDENTIALS"
    told = []
    for _ in range(4):
        told.append(retry_delay_s(await failure(client.login(email, "wrong horse"))))
        house.clock.forward(seconds=told[-1])
        assert reason(await failure(client.login(email, "wrong horse"))) == "WRONG_CREDENTIALS"
    assert told == [1, 2, 4, 8]


async def test_success_begins_the_account_anew(house: House, client: Client) -> None:
    email = await house.enroll()
    for _ in range(3):
        for _ in range(4):
            await failure(client.login(email, "wrong horse"))
        await client.login(email, PASSWORD)


async def test_tries_at_the_same_moment_are_counted_one_by_one(
    house: House, client: Client
) -> None:
    email = await house.enroll()
    outcome = await codes([client.login(email, "wrong horse") for _ in range(12)])
    assert outcome.count("UNAUTHENTICATED") == 5
    assert outcome.count("RESOURCE_EXHAUSTED") == 7


async def test_a_source_tries_thirty_accounts_a_minute(house: House, client: Client) -> None:
    people = [f"spray{number}@example.com" for number in range(40)]
    outcome = []
    for email in people:
        outcome += await codes([client.login(email, "wrong horse")])
    assert outcome == ["UNAUTHENTICATED"] * 30 + ["RESOURCE_EXHAUSTED"] * 10
    house.clock.forward(minutes=1)
    assert await codes([client.login(people[0], "wrong horse")]) == ["UNAUTHENTICATED"]


async def test_ipv6_addresses_of_one_subscriber_are_one_source(
    house: House, client: Client
) -> None:
    email = await house.enroll()
    outcome = []
    for number in range(8):
        here = client.at(f"2001:db8:0:7::{number}")
        outcome += await codes([here.login(email, "wrong horse")])
    assert outcome == ["UNAUTHENTICATED"] * 5 + ["RESOURCE_EXHAUSTED"] * 3


async def test_counters_survive_a_restart(house: House) -> None:
    email, source = await house.enroll(), new_source()
    async with house.served() as client:
        assert await exhaust(house, client.at(source), email) == 10
    async with house.served() as client:
        error = await failure(client.at(source).login(email, PASSWORD))
        assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        await client.at(new_source()).login(email, PASSWORD)


async def test_what_a_client_writes_before_the_gateways_hop_does_not_help(
    house: House, client: Client
) -> None:
    email, hop = await house.enroll(), new_source()
    here = client.at("not an address")
    outcome = []
    for number in range(7):
        forged = (("x-forwarded-for", f"192.0.2.{number}, {hop}"),)
        outcome += await codes([here.login(email, "wrong horse", extra=forged)])
    assert outcome == ["UNAUTHENTICATED"] * 5 + ["RESOURCE_EXHAUSTED"] * 2
