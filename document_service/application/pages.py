"""Pages of a document: the list, the text, the pictures, and the file itself."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from document_service.domain.document import FileInfo
from document_service.domain.page import PageImage, PageInfo
from document_service.domain.picture import DamagedFile, check_side, scale, scaled_size
from document_service.ports import Store
from hubkit.blobs.port import BlobStore
from hubkit.core.caller import current_caller
from hubkit.core.errors import InvalidArgument, NotFound
from hubkit.core.ids import check_id
from hubkit.core.paging import PageTokens, page_size

CHUNK_BYTES = 1024 * 1024
SCALED_AT_ONCE = 2
"""Pictures decoded at the same time; a large one takes hundreds of megabytes of memory."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A page's picture, to be sent.

    Attributes:
        media_type: Such as `image/webp`.
        width_px: Its width.
        height_px: Its height.
        chunks: Its bytes, at most 1 MiB each.
    """

    media_type: str
    width_px: int
    height_px: int
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Pages:
    """What can be asked of a document's pages: those of the reading that is shown.

    Attributes:
        store: The service's memory.
        blobs: Where files and pictures are kept.
        tokens: Seals page tokens.
    """

    store: Store
    blobs: BlobStore
    tokens: PageTokens
    _scaling: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(SCALED_AT_ONCE))

    async def list(
        self, document_id: str, requested: int, page_token: str
    ) -> tuple[tuple[PageInfo, ...], str]:
        """Give some of the pages read so far, by number, and the token of the next ones."""
        tenant_id = current_caller().tenant_id
        document_id = check_id(document_id, "document_id")
        size = page_size(requested)
        bound_to = f"ListPages {tenant_id} {document_id}".encode()
        after = int(self.tokens.open(page_token, bound_to)[0]) if page_token else 0
        async with self.store.transaction(tenant_id) as work:
            document = await work.documents.get(document_id)
            rows = await work.pages.list(document_id, document.run_id, after, size + 1)
        more = len(rows) > size
        token = self.tokens.seal((str(rows[size - 1].number),), bound_to) if more else ""
        return rows[:size], token

    async def layout(self, document_id: str, number: int) -> tuple[PageInfo, bytes]:
        """Give a page with its lines and words as the reader sent them."""
        document_id = check_id(document_id, "document_id")
        _check_number(number)
        async with self.store.transaction(current_caller().tenant_id) as work:
            document = await work.documents.get(document_id)
            rows = await work.pages.list(document_id, document.run_id, number - 1, 1)
            if not rows or rows[0].number != number:
                raise NotFound(f"page {number} does not exist or is not read yet")
            return rows[0], await work.pages.layout(document_id, document.run_id, number)

    async def picture(self, document_id: str, number: int, max_px: int) -> Picture:
        """Give a page's upright picture, with a longest side of `max_px` unless that is 0.

        Raises:
            NotFound: There is no such page yet, or it has no picture.
            DamagedFile: The stored bytes are not those that were stored.
        """
        tenant_id = current_caller().tenant_id
        document_id = check_id(document_id, "document_id")
        _check_number(number)
        check_side(max_px)
        async with self.store.transaction(tenant_id) as work:
            document = await work.documents.get(document_id)
            image = await work.pages.image(document_id, document.run_id, number)
        if image is None:
            raise NotFound(f"page {number} has no picture")
        if max_px == 0 or max(image.width_px, image.height_px) <= max_px:
            chunks = _checked(self.blobs.read(tenant_id, image.sha256), image.sha256)
            return Picture(image.media_type, image.width_px, image.height_px, chunks)
        width_px, height_px = scaled_size(image.width_px, image.height_px, max_px)
        async with self._scaling:
            stored = await self._whole(tenant_id, image)
            small = await asyncio.to_thread(scale, stored, width_px, height_px)
        return Picture("image/webp", width_px, height_px, _in_chunks(small))

    async def file(self, document_id: str, offset: int) -> tuple[FileInfo, AsyncIterator[bytes]]:
        """Give the file as it was uploaded, from an offset on."""
        tenant_id = current_caller().tenant_id
        document_id = check_id(document_id, "document_id")
        async with self.store.transaction(tenant_id) as work:
            file = (await work.documents.get(document_id)).file
        if not 0 <= offset <= file.size_bytes:
            raise InvalidArgument(
                f"the file has {file.size_bytes} bytes; skip no more", field="offset_bytes"
            )
        chunks = self.blobs.read(tenant_id, file.sha256, offset)
        return file, chunks if offset else _checked(chunks, file.sha256)

    async def _whole(self, tenant_id: str, image: PageImage) -> bytes:
        chunks = _checked(self.blobs.read(tenant_id, image.sha256), image.sha256)
        return b"".join([chunk async for chunk in chunks])


def _check_number(number: int) -> None:
    if number < 1:
        raise InvalidArgument("pages are counted from 1", field="page_number")


async def _checked(chunks: AsyncIterator[bytes], sha256: str) -> AsyncIterator[bytes]:
    """Give a whole file's chunks; the last one only when all together have the file's hash."""
    digest = hashlib.sha256()
    held = b""
    async for chunk in chunks:
        if held:
            yield held
        held = chunk
        digest.update(chunk)
    if digest.hexdigest() != sha256:
        raise DamagedFile("the stored file is damaged; restore it from a backup")
    yield held


async def _in_chunks(data: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(data), CHUNK_BYTES):
        yield data[at : at + CHUNK_BYTES]
