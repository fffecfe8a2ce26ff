"""Which blobs are needed: a blob that is about to be named is never swept from under its row."""

import hashlib
from collections.abc import Sequence, Set

from sqlalchemy import func, select, union
from sqlalchemy.ext.asyncio import AsyncConnection

from document_service.store.tables import document, page


class BlobUseStore:
    """Looks after the use of blobs within one transaction of one tenant."""

    def __init__(self, connection: AsyncConnection, tenant_id: str) -> None:
        self._connection = connection
        self._tenant_id = tenant_id

    async def share(self, sha256: str) -> None:
        """Keep a blob from being swept until the transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock_shared(self._key(sha256))))

    async def unused(self, sha256s: Sequence[str]) -> Set[str]:
        """Tell which of these nothing refers to just now."""
        used = union(
            select(document.c.sha256).where(document.c.sha256.in_(sha256s)),
            select(page.c.image_sha256).where(page.c.image_sha256.in_(sha256s)),
        )
        return set(sha256s) - set((await self._connection.execute(used)).scalars())

    async def claim_unused(self, sha256: str) -> bool:
        """Whether nothing refers to a blob; if so, nothing can until the transaction ends."""
        await self._connection.execute(select(func.pg_advisory_xact_lock(self._key(sha256))))
        return sha256 in await self.unused((sha256,))

    def _key(self, sha256: str) -> int:
        digest = hashlib.sha256(f"{self._tenant_id} {sha256}".encode()).digest()
        return int.from_bytes(digest[:8], "big", signed=True)
