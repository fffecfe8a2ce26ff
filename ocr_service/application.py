"""The use cases of reading: inspect a file, read pages in order, extract fields."""

import asyncio
import hashlib
from collections import OrderedDict, deque
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Final

from hubkit.core.caller import Caller
from hubkit.core.errors import (
    Busy,
    HubError,
    InvalidArgument,
    Kind,
    PermissionDenied,
    Unavailable,
)
from ocr_service.domain.errors import EmptyFile, FileTooLarge
from ocr_service.domain.file_facts import FileFacts, PageSize
from ocr_service.domain.page import Page, PageFailure, TextSource
from ocr_service.domain.page_read import PageRead, ReadOptions
from ocr_service.extraction import extract
from ocr_service.ports import PageReaders, StoredFiles
from paperwork.einvoice import merge
from paperwork.readings import Extraction
from paperwork.validation import judged

CONTENT_BYTES: Final = 7 * 1024 * 1024
"""Longest file sent along with a call: a message holds 8 MiB."""
MOST_PAGES: Final = 60
"""Pages that fields are extracted from at once."""
EXTRACTIONS: Final = 2
"""Extractions at once: each takes a thread for up to a second."""
RETRY_AFTER_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Content:
    """A file that came with the call."""

    data: bytes
    field: str = "source.content"


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the caller's tenant, by its hash in lower-case hexadecimal."""

    sha256: str


Source = Content | Stored


@dataclass(frozen=True, slots=True)
class PageRange:
    """Pages `first` to `last`, both inclusive; a `last` of None is the file's last page."""

    first: int = 1
    last: int | None = None


class BrokenBlob(HubError):
    """A stored file does not hold the bytes that its name promises."""

    kind = Kind.INTERNAL
    reason = "CHECKSUM_MISMATCH"


class Sources:
    """Gets the bytes to read, and keeps stored files for the next range of the same file.

    Args:
        files: Where stored files lie.
        most_bytes: Longest file.
        cache_bytes: Kept in memory between calls, the longest unused going first.
    """

    def __init__(self, files: StoredFiles, most_bytes: int, cache_bytes: int) -> None:
        self._files = files
        self._most_bytes = most_bytes
        self._cache_bytes = cache_bytes
        self._kept: OrderedDict[tuple[str, str], bytes] = OrderedDict()

    async def load(self, source: Source, caller: Caller) -> bytes:
        """Give a source's bytes.

        Raises:
            EmptyFile: There are none.
            FileTooLarge: There are too many.
            PermissionDenied: A stored file is asked for by somebody else than a service that acts
                for a tenant.
            NotFound: The tenant has no such file.
            BrokenBlob: The store gave other bytes than promised.
        """
        if isinstance(source, Content):
            return _checked(source)
        if caller.service is None or not caller.tenant_id:
            raise PermissionDenied("only services may name stored files; send the content instead")
        key = (caller.tenant_id, source.sha256)
        data = self._kept.pop(key, None)
        if data is None:
            data = await self._fetch(*key)
        self._keep(key, data)
        return data

    async def _fetch(self, tenant_id: str, sha256: str) -> bytes:
        content, digest = bytearray(), hashlib.sha256()
        async for chunk in self._files.read(tenant_id, sha256):
            content += chunk
            digest.update(chunk)
            if len(content) > self._most_bytes:
                raise FileTooLarge(
                    f"the file is longer than {self._most_bytes >> 20} MiB; split it",
                    field="source.blob",
                    limit=str(self._most_bytes),
                )
        if digest.hexdigest() != sha256:
            raise BrokenBlob("the stored file does not have the checksum it was stored under")
        return bytes(content)

    def _keep(self, key: tuple[str, str], data: bytes) -> None:
        self._kept[key] = data
        while sum(map(len, self._kept.values())) > self._cache_bytes:
            self._kept.popitem(last=False)


class Reading:
    """Inspects files and reads their pages.

    Args:
        readers: The worker processes.
        sources: Where the bytes come from.
        at_once: Pages of one call in work at once.
        most_reads: Calls that may have pages in work at once.
    """

    def __init__(
        self, readers: PageReaders, sources: Sources, *, at_once: int, most_reads: int
    ) -> None:
        self._readers = readers
        self._sources = sources
        self._at_once = at_once
        self._free_places = most_reads

    async def inspect(self, source: Source, caller: Caller) -> FileFacts:
        """Look at a file; raises what makes it unreadable, with its reason."""
        return await self._readers.inspect(await self._sources.load(source, caller))

    async def read_pages(
        self, source: Source, pages: PageRange, options: ReadOptions, caller: Caller
    ) -> AsyncGenerator[PageRead, None]:
        """Read pages side by side and give them in order.

        A page that cannot be read is given with its failure; the others go on. When the caller
        stops listening, pages in work are given up.

        Raises:
            HubError: The file cannot be read, with its reason.
            InvalidArgument: The file has not those pages.
            Busy: Too many calls read pages.
        """
        with self._place():
            data = await self._sources.load(source, caller)
            facts = await self._readers.inspect(data)
            numbers = iter(_chosen(pages, facts.page_count))
            running: deque[asyncio.Task[PageRead]] = deque()
            try:
                while True:
                    while len(running) < self._at_once and (number := next(numbers, None)):
                        size = facts.page_sizes[number - 1]
                        page = self._page(data, number, size, options)
                        running.append(asyncio.create_task(page))
                    if not running:
                        return
                    yield await running.popleft()
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)

    async def read_first_page(self, content: Content, options: ReadOptions) -> Page:
        """Read the first page of a file sent along; raises what makes it unreadable."""
        with self._place():
            read = await self._readers.read_page(_checked(content), 1, options)
        return read.page

    async def _page(
        self, data: bytes, number: int, size: PageSize, options: ReadOptions
    ) -> PageRead:
        try:
            return await self._readers.read_page(data, number, options)
        except (Busy, Unavailable):
            # Not about this page: the caller should come back with the same range.
            raise
        except HubError as error:
            failure = PageFailure(error.reason, str(error))
            return PageRead(Page(number, size.width, size.height, TextSource.NONE, failure=failure))

    @contextmanager
    def _place(self) -> Iterator[None]:
        if self._free_places == 0:
            raise Busy(
                "as many files are being read as can be; try again", retry_after_s=RETRY_AFTER_S
            )
        self._free_places -= 1
        try:
            yield
        finally:
            self._free_places += 1


class ExtractFields:
    """Finds type, fields and line items of pages that were read.

    Args:
        reading: Looks for an electronic invoice in the file.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading
        self._free_threads = asyncio.Semaphore(EXTRACTIONS)

    async def __call__(
        self, pages: Sequence[Page], today: date, source: Source | None, caller: Caller
    ) -> Extraction:
        """Extract from the pages; an electronic invoice in their file outranks what was read.

        Raises:
            InvalidArgument: There are no pages, too many, or one twice.
            HubError: The file is given and cannot be had or opened, with its reason.
        """
        if not 1 <= len(pages) <= MOST_PAGES:
            raise InvalidArgument(
                f"send 1 to {MOST_PAGES} pages; of a longer document the first and the last",
                field="pages",
                limit=str(MOST_PAGES),
            )
        if len({page.number for page in pages}) != len(pages):
            raise InvalidArgument("each page may be sent once", field="pages")
        invoice = None
        if source is not None:
            invoice = (await self._reading.inspect(source, caller)).invoice
        async with self._free_threads:
            return await asyncio.to_thread(_extraction, pages, today, invoice)


def _extraction(pages: Sequence[Page], today: date, invoice: Extraction | None) -> Extraction:
    read = extract(pages, today)
    return read if invoice is None else judged(merge(read, invoice), today)


def _checked(content: Content) -> bytes:
    if not content.data:
        raise EmptyFile("the file holds no bytes; send its content", field=content.field)
    if len(content.data) > CONTENT_BYTES:
        raise FileTooLarge(
            f"a file sent along may have {CONTENT_BYTES >> 20} MiB; upload longer ones",
            field=content.field,
            limit=str(CONTENT_BYTES),
        )
    return content.data


def _chosen(pages: PageRange, page_count: int) -> range:
    last = page_count if pages.last is None else pages.last
    if pages.first > page_count or last > page_count:
        raise InvalidArgument(
            f"the file has {page_count} pages; ask for those",
            field="pages",
            page_count=str(page_count),
        )
    return range(pages.first, last + 1)
