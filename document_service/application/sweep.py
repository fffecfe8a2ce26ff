"""Remove what nobody needs any more: expired uploads, old request ids, blobs without a row."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from document_service.ports import Clock, Store
from hubkit.blobs.port import BlobStore
from hubkit.core.errors import NotFound

BATCH = 500
"""Rows or blobs looked at in one statement."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What one sweep removed.

    Attributes:
        uploads: Uploads whose time was over.
        blobs: Blobs that nothing referred to.
    """

    uploads: int
    blobs: int


@dataclass(frozen=True, slots=True)
class Sweep:
    """Sweeps every tenant; several replicas may do so at once.

    A blob without a row may be one whose row is about to be written, so it goes only when nothing
    has referred to it for a grace period, and under a lock that the writer of a row takes too.

    Attributes:
        store: The service's memory.
        blobs: Where files, parts and pictures are kept.
        clock: Tells the time.
        grace: How long a blob may be without a row.
    """

    store: Store
    blobs: BlobStore
    clock: Clock
    grace: timedelta
    _unused_since: dict[tuple[str, str], datetime] = field(default_factory=dict)

    async def __call__(self) -> Swept:
        """Sweep once."""
        uploads = blobs = 0
        for tenant_id in await self.store.tenants():
            uploads += await self._uploads(tenant_id)
            blobs += await self._blobs(tenant_id)
        return Swept(uploads, blobs)

    async def _uploads(self, tenant_id: str) -> int:
        count = 0
        now = self.clock()
        while True:
            async with self.store.transaction(tenant_id) as work:
                await work.requests.forget_expired(now)
                expired = await work.uploads.expired(now, BATCH)
            for upload_id in expired:
                # Parts first: were the row to go first, nothing would lead to them any more.
                await self.blobs.delete_parts(tenant_id, upload_id)
                async with self.store.transaction(tenant_id) as work:
                    await work.uploads.delete(upload_id)
            count += len(expired)
            if len(expired) < BATCH:
                return count

    async def _blobs(self, tenant_id: str) -> int:
        now = self.clock()
        seen: set[str] = set()
        count = 0
        async for batch in self._listed(tenant_id):
            async with self.store.transaction(tenant_id) as work:
                unused = await work.blobs.unused(batch)
            seen |= unused
            for sha256 in unused:
                since = self._unused_since.setdefault((tenant_id, sha256), now)
                if now - since >= self.grace and await self._remove(tenant_id, sha256):
                    count += 1
        self._forget_used(tenant_id, seen)
        return count

    async def _remove(self, tenant_id: str, sha256: str) -> bool:
        async with self.store.transaction(tenant_id) as work:
            if not await work.blobs.claim_unused(sha256):
                return False
            await self.blobs.delete(tenant_id, sha256)
            return True

    async def _listed(self, tenant_id: str) -> AsyncIterator[Sequence[str]]:
        batch: list[str] = []
        try:
            async for blob in self.blobs.list_blobs(tenant_id):
                batch.append(blob.sha256)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        except NotFound:
            # Nothing was ever stored for this tenant.
            pass
        if batch:
            yield batch

    def _forget_used(self, tenant_id: str, unused: set[str]) -> None:
        for key in [k for k in self._unused_since if k[0] == tenant_id and k[1] not in unused]:
            del self._unused_since[key]
