"""What a store of files does, whatever it stands on.

A file is named by its tenant and its SHA-256: what is there is whole and right, and never changes.
The parts of an upload have no hash yet and are named by the upload and their number. No name holds
anything that a user wrote.
"""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from hubkit.core.errors import HubError, Kind

CHUNK_BYTES: Final = 1 << 20
"""The most that one chunk read from a store holds."""

_SHA256: Final = re.compile("[0-9a-f]{64}")


class ChecksumMismatch(HubError):
    """The bytes received are not those that were announced."""

    kind = Kind.INVALID
    reason = "CHECKSUM_MISMATCH"


@dataclass(frozen=True, slots=True)
class BlobInfo:
    """A file in the store.

    Attributes:
        sha256: Its hash in lower-case hexadecimal.
        size: Bytes.
    """

    sha256: str
    size: int


class BlobStore(Protocol):
    """Keeps files by tenant and hash, and the parts of uploads that are not yet whole.

    Every method raises `Unavailable` when the store does not answer, or is full.
    """

    async def put(
        self, tenant_id: str, chunks: AsyncIterator[bytes], *, sha256: str | None = None
    ) -> BlobInfo:
        """Store a file: whole, or not at all. One that is there already stays as it is.

        Args:
            tenant_id: Whose it is.
            chunks: Its bytes in order.
            sha256: The hash it must have; None for whatever it has.

        Raises:
            ChecksumMismatch: The bytes have another hash.
        """
        ...

    def read(self, tenant_id: str, sha256: str, offset: int = 0) -> AsyncIterator[bytes]:
        """Read a file from a byte on, in chunks of at most `CHUNK_BYTES`.

        Raises:
            NotFound: The tenant has no such file.
        """
        ...

    async def stat(self, tenant_id: str, sha256: str) -> BlobInfo:
        """Tell a file's size.

        Raises:
            NotFound: The tenant has no such file.
        """
        ...

    async def delete(self, tenant_id: str, sha256: str) -> None:
        """Remove a file; one that is not there is no error."""
        ...

    def list_blobs(self, tenant_id: str) -> AsyncIterator[BlobInfo]:
        """List a tenant's files in no order; those that come or go meanwhile may be missed."""
        ...

    async def put_part(self, tenant_id: str, upload_id: str, index: int, data: bytes) -> None:
        """Store one part of an upload, over what was there; parts come in any order."""
        ...

    def read_parts(self, tenant_id: str, upload_id: str, count: int) -> AsyncIterator[bytes]:
        """Read parts 0 to `count` - 1 as one run of bytes.

        Raises:
            NotFound: One of them is not there.
        """
        ...

    async def delete_parts(self, tenant_id: str, upload_id: str) -> None:
        """Remove every part of an upload; none being there is no error."""
        ...


def blob_key(tenant_id: str, sha256: str) -> str:
    """Name a file in the store."""
    if not _SHA256.fullmatch(sha256):
        raise ValueError("a blob's name is 64 hexadecimal digits")
    return f"{_id(tenant_id)}/blobs/{sha256[:2]}/{sha256}"


def blobs_prefix(tenant_id: str) -> str:
    """Name the place of all files of a tenant."""
    return f"{_id(tenant_id)}/blobs/"


def part_key(tenant_id: str, upload_id: str, index: int) -> str:
    """Name a part of an upload."""
    if not 0 <= index < 1_000_000:
        raise ValueError("a part's number is between 0 and 999999")
    return f"{parts_prefix(tenant_id, upload_id)}{index:06d}"


def parts_prefix(tenant_id: str, upload_id: str) -> str:
    """Name the place of an upload's parts."""
    return f"{_id(tenant_id)}/parts/{_id(upload_id)}/"


def _id(value: str) -> str:
    """Let nothing but an id into a name: no path, no case of its own."""
    if str(UUID(value)) != value:
        raise ValueError("a name in the store is made of ids in canonical form")
    return value
