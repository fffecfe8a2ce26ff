"""Every process of the hub is killed while documents are read: all end done, nothing twice."""

import asyncio
import hashlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import psutil

from dochub.document.v1 import document_pb2
from tests.flows.hub import Hub, Member, distinct, member_of, running_hub, until

DOCUMENTS = 20
SAMPLES = ("credit-note-4-pages.pdf", "receipt.jpg", "scanned-invoice.pdf")


@dataclass(frozen=True)
class Sent:
    """A document on its way, and the undisturbed reading of the same sample."""

    id: str
    undisturbed: dict[str, str]


async def undisturbed(member: Member) -> dict[str, dict[str, str]]:
    fields = {}
    for name in SAMPLES:
        document = await member.upload(distinct(name, 0), name)
        await member.finished(document.id)
        fields[name] = await member.read_fields(document.id)
    return fields


async def send_all(member: Member, expected: dict[str, dict[str, str]]) -> list[Sent]:
    names = [SAMPLES[number % len(SAMPLES)] for number in range(DOCUMENTS)]
    documents = await asyncio.gather(
        *(member.upload(distinct(name, number + 1), name) for number, name in enumerate(names))
    )
    return [Sent(doc.id, expected[name]) for doc, name in zip(documents, names, strict=True)]


async def check_whole(member: Member, sent: Sent) -> document_pb2.Document:
    """A document has every page once."""
    document = await member.finished(sent.id)
    assert document.state == document_pb2.DOCUMENT_STATE_NEEDS_REVIEW, document
    assert document.pages_done == document.page_count
    assert await member.page_numbers(sent.id) == list(range(1, document.page_count + 1))
    return document


def targets(hub: Hub, name: str) -> int:
    return hub.reader_workers()[0] if name == "reader worker" else hub.pid(name)


async def kill_and_see_it_back(hub: Hub, name: str) -> None:
    before = targets(hub, name)
    os.kill(before, signal.SIGKILL)

    def is_back() -> bool:
        try:
            return targets(hub, name) != before and bool(hub.state["ready"])
        except (IndexError, psutil.NoSuchProcess):
            return False

    await until(is_back)


async def test_every_process_is_killed_in_turn_and_nothing_is_lost(tmp_path: Path) -> None:
    async with running_hub(tmp_path / "data") as hub, member_of(hub, "kills") as member:
        expected = await undisturbed(member)
        sent = await send_all(member, expected)
        for name in ("ocr", "document", "reader worker", "postgres", "identity", "envoy"):
            states = [(await member.document(one.id)).state for one in sent]
            assert document_pb2.DOCUMENT_STATE_PROCESSING in states, f"all read before {name}"
            await kill_and_see_it_back(hub, name)
        for one in sent:
            document = await check_whole(member, one)
            assert "PAGE_GIVEN_UP" not in document.warnings
            assert await member.read_fields(one.id) == one.undisturbed


async def test_a_page_that_kills_its_reader_is_given_up_alone(tmp_path: Path) -> None:
    poison = distinct("credit-note-4-pages.pdf", 999)
    fault = f"ocr.page={hashlib.sha256(poison).hexdigest()}:2"
    async with (
        running_hub(tmp_path / "data", {"DOCHUB_FAULT": f"{fault}:1"}) as hub,
        member_of(hub, "poison") as member,
    ):
        expected = await undisturbed(member)
        poisoned = await member.upload(poison, "poison.pdf")
        sent = await send_all(member, expected)
        ended = await check_whole(member, Sent(poisoned.id, {}))
        assert "PAGE_GIVEN_UP" in ended.warnings
        for one in sent:
            document = await check_whole(member, one)
            assert "PAGE_GIVEN_UP" not in document.warnings
            assert await member.read_fields(one.id) == one.undisturbed
