"""The tenant's document changes, as they come, with a heartbeat in between."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from document_service.convert.events import document_id_of
from document_service.ports import DOCUMENT_CHANGED, Change
from hubkit.jobs.events import StoredEvent, last_seq
from hubkit.jobs.feed import EventFeed
from hubkit.sql.database import Database

HEARTBEAT_S: Final = 15.0


class FeedChanges:
    """Follows the bus.

    Args:
        database: Where the bus is.
        feed: Its live side; runs in the background.
        heartbeat_s: The longest silence.
    """

    def __init__(
        self, database: Database, feed: EventFeed, heartbeat_s: float = HEARTBEAT_S
    ) -> None:
        self._database = database
        self._feed = feed
        self._heartbeat_s = heartbeat_s

    async def follow(self, tenant_id: str, after_seq: int | None) -> AsyncGenerator[Change, None]:
        """Give changes after a place, or from now on; first of all a heartbeat.

        The place is fixed before that heartbeat, so whatever happens after it is told.
        """
        seq = after_seq
        if seq is None:
            async with self._database.transaction(tenant_id) as connection:
                seq = await last_seq(connection)
        yield Change(seq, None, b"")
        async with aclosing(self._events(tenant_id, seq)) as events:
            async for event in events:
                if event is None:
                    yield Change(seq, None, b"")
                else:
                    seq = event.seq
                    yield Change(seq, document_id_of(event.payload), event.payload)

    async def _events(
        self, tenant_id: str, after_seq: int
    ) -> AsyncGenerator[StoredEvent | None, None]:
        """Give events, and None after each silence; waiting on does not disturb the feed."""
        async with aclosing(self._feed.watch(tenant_id, after_seq, (DOCUMENT_CHANGED,))) as feed:
            coming = asyncio.ensure_future(anext(feed))
            try:
                while True:
                    done, _ = await asyncio.wait({coming}, timeout=self._heartbeat_s)
                    if not done:
                        yield None
                        continue
                    yield coming.result()
                    coming = asyncio.ensure_future(anext(feed))
            finally:
                coming.cancel()
                # The feed's generator may only be closed once nothing runs in it.
                await asyncio.wait({coming})
