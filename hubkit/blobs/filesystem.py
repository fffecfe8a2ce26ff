"""Files in a directory: written beside their place, made durable, then moved there at once."""

import asyncio
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, ParamSpec, TypeVar

from hubkit.blobs.port import (
    CHUNK_BYTES,
    BlobInfo,
    ChecksumMismatch,
    blob_key,
    blobs_prefix,
    part_key,
    parts_prefix,
)
from hubkit.core.errors import NotFound, Unavailable

_DRAFTS: Final = "drafts"
_STALE_DRAFT_S: Final = 24 * 3600.0
"""Older drafts belong to a writer that was killed."""

P = ParamSpec("P")
T = TypeVar("T")


class FilesystemBlobs:
    """A `BlobStore` in one directory of one machine.

    Args:
        root: The directory; made when it is not there, closed to other users.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._drafts = root / _DRAFTS
        with _translated():
            self._drafts.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sweep(self._drafts, older_than=time.time() - _STALE_DRAFT_S)

    async def put(
        self, tenant_id: str, chunks: AsyncIterator[bytes], *, sha256: str | None = None
    ) -> BlobInfo:
        """Store a file: whole, or not at all."""
        digest = hashlib.sha256()
        size = 0
        draft = self._drafts / secrets.token_hex(16)
        with _translated():
            file = await asyncio.to_thread(draft.open, "xb")
        try:
            with file:
                async for chunk in chunks:
                    await _in_thread(_write, file, chunk)
                    digest.update(chunk)
                    size += len(chunk)
                found = digest.hexdigest()
                if sha256 is not None and found != sha256:
                    raise ChecksumMismatch("the bytes received do not have the announced checksum")
                await _in_thread(_publish, file, draft, self._root / blob_key(tenant_id, found))
        finally:
            draft.unlink(missing_ok=True)
        return BlobInfo(found, size)

    async def read(self, tenant_id: str, sha256: str, offset: int = 0) -> AsyncIterator[bytes]:
        """Read a file from a byte on."""
        async for chunk in _read(self._root / blob_key(tenant_id, sha256), offset):
            yield chunk

    async def stat(self, tenant_id: str, sha256: str) -> BlobInfo:
        """Tell a file's size."""
        found = await _in_thread((self._root / blob_key(tenant_id, sha256)).stat)
        return BlobInfo(sha256, found.st_size)

    async def delete(self, tenant_id: str, sha256: str) -> None:
        """Remove a file."""
        await _in_thread((self._root / blob_key(tenant_id, sha256)).unlink, missing_ok=True)

    async def list_blobs(self, tenant_id: str) -> AsyncIterator[BlobInfo]:
        """List a tenant's files."""
        place = self._root / blobs_prefix(tenant_id)
        for shelf in await _in_thread(_names, place):
            for info in await _in_thread(_infos, place / shelf):
                yield info

    async def put_part(self, tenant_id: str, upload_id: str, index: int, data: bytes) -> None:
        """Store one part of an upload."""
        place = self._root / part_key(tenant_id, upload_id, index)
        await _in_thread(_write_whole, self._drafts / secrets.token_hex(16), place, data)

    async def read_parts(self, tenant_id: str, upload_id: str, count: int) -> AsyncIterator[bytes]:
        """Read parts as one run of bytes."""
        for index in range(count):
            async for chunk in _read(self._root / part_key(tenant_id, upload_id, index), 0):
                yield chunk

    async def delete_parts(self, tenant_id: str, upload_id: str) -> None:
        """Remove every part of an upload."""
        await _in_thread(_remove_tree, self._root / parts_prefix(tenant_id, upload_id))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFound("no such file in the store") from error
    except OSError as error:
        # The system's own words hold a path, which is nobody's business outside.
        reason = os.strerror(error.errno) if error.errno else "input or output failed"
        raise Unavailable(f"the file store failed: {reason}", retry_after_s=5) from error


async def _in_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with _translated():
        return await asyncio.to_thread(function, *args, **kwargs)


def _write(file: BinaryIO, data: bytes) -> None:
    if file.write(data) != len(data):  # a raw file may write less
        raise OSError("short write")


def _publish(file: BinaryIO, draft: Path, place: Path) -> None:
    """Make a written draft durable under its final name, directories included."""
    file.flush()
    os.fsync(file.fileno())
    _make_directories(place.parent)
    draft.replace(place)
    _sync_directory(place.parent)


def _write_whole(draft: Path, place: Path, data: bytes) -> None:
    try:
        with draft.open("xb") as file:
            _write(file, data)
            _publish(file, draft, place)
    finally:
        draft.unlink(missing_ok=True)


def _make_directories(place: Path) -> None:
    missing = []
    while not place.exists():
        missing.append(place)
        place = place.parent
    for directory in reversed(missing):
        directory.mkdir(mode=0o700, exist_ok=True)
        _sync_directory(directory.parent)


def _sync_directory(place: Path) -> None:
    """A name is durable only when its directory is."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


async def _read(place: Path, offset: int) -> AsyncIterator[bytes]:
    with _translated():
        file = await asyncio.to_thread(place.open, "rb")
    with file:
        await _in_thread(file.seek, offset)
        while chunk := await _in_thread(file.read, CHUNK_BYTES):
            yield chunk


def _names(place: Path) -> list[str]:
    try:
        return [shelf.name for shelf in place.iterdir()]
    except FileNotFoundError:
        return []


def _infos(shelf: Path) -> list[BlobInfo]:
    found = []
    with os.scandir(shelf) as entries:
        for entry in entries:
            try:
                found.append(BlobInfo(entry.name, entry.stat().st_size))
            except FileNotFoundError:  # deleted meanwhile
                continue
    return found


def _remove_tree(place: Path) -> None:
    try:
        shutil.rmtree(place)
    except FileNotFoundError:
        return


def _sweep(drafts: Path, *, older_than: float) -> None:
    for draft in drafts.iterdir():
        if draft.stat().st_mtime < older_than:
            draft.unlink(missing_ok=True)
