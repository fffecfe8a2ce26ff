"""One tenant's thousand documents do not hold up another's single page."""

import asyncio
import time
from pathlib import Path

from dochub.document.v1 import document_pb2
from tests.flows.hub import distinct, member_of, running_hub, until

QUEUED = 1000
AT_ONCE = 16
STARTS_WITHIN_S = 10
WAITING = document_pb2.DOCUMENT_STATE_UPLOADED


async def test_another_tenants_page_starts_while_a_thousand_wait(tmp_path: Path) -> None:
    async with (
        running_hub(tmp_path / "data") as hub,
        member_of(hub, "many") as many,
        member_of(hub, "one") as one,
    ):
        room = asyncio.Semaphore(AT_ONCE)

        async def send(number: int) -> str:
            async with room:
                return (await many.upload(distinct("receipt.jpg", number), "receipt.jpg")).id

        ids = await asyncio.gather(*(send(number) for number in range(QUEUED)))
        assert (await many.document(ids[-1])).state == WAITING
        began = time.monotonic()
        page = await one.upload(distinct("receipt.jpg", QUEUED), "receipt.jpg")

        async def has_started() -> bool:
            return (await one.document(page.id)).state != WAITING

        await until(has_started)
        assert time.monotonic() - began < STARTS_WITHIN_S
        assert (await many.document(ids[-1])).state == WAITING
