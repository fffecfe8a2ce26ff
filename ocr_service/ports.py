"""What the use cases ask of the world: processes that read, and stored files."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from ocr_service.domain.file_facts import FileFacts
from ocr_service.domain.page_read import PageRead, ReadOptions


class PageReaders(Protocol):
    """Worker processes that open files and read pages."""

    async def inspect(self, data: bytes) -> FileFacts:
        """Look at a file's headers.

        Raises:
            HubError: It cannot be read, with its reason; or BUSY.
        """
        ...

    async def read_page(self, data: bytes, number: int, options: ReadOptions) -> PageRead:
        """Read page `number`, counted from 1.

        Raises:
            HubError: The page cannot be read, with its reason; or BUSY.
        """
        ...


class StoredFiles(Protocol):
    """Files that other services have stored."""

    def read(self, tenant_id: str, sha256: str) -> AsyncIterator[bytes]:
        """Give a file's bytes in chunks.

        Raises:
            NotFound: The tenant has no such file.
        """
        ...


@dataclass(frozen=True, slots=True)
class Engine:
    """One model.

    Attributes:
        name: For people.
        task: `detection` or `recognition`.
        version: Of the model.
        languages: BCP 47 codes of what it reads; empty for detection.
        sha256: Of its file.
        size_bytes: Of its file.
        licence: SPDX expression.
        origin: Where it comes from.
    """

    name: str
    task: str
    version: str
    languages: tuple[str, ...]
    sha256: str
    size_bytes: int
    licence: str
    origin: str
