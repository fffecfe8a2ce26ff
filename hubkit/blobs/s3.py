"""Files in a store that speaks S3, by the MinIO client in threads of its own."""

import asyncio
import hashlib
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from io import BytesIO
from itertools import islice
from typing import BinaryIO, Final, ParamSpec, TypeVar, cast

import certifi
import urllib3
from minio import Minio
from minio.datatypes import Object
from minio.deleteobjects import DeleteObject
from minio.error import MinioException, S3Error

from hubkit.blobs.port import (
    CHUNK_BYTES,
    BlobInfo,
    ChecksumMismatch,
    blob_key,
    blobs_prefix,
    part_key,
    parts_prefix,
)
from hubkit.config import BlobSettings
from hubkit.core.errors import HubError, NotFound, Unavailable

_THREADS: Final = 8
_CONNECT_S: Final = 5.0
_READ_S: Final = 60.0
_PAGE: Final = 1000
_IN_MEMORY_BYTES: Final = 8 << 20
_UPLOAD_PART_BYTES: Final = 16 << 20

_TYPE: Final = "application/octet-stream"
_RETRY_AFTER_S: Final = 5.0

P = ParamSpec("P")
T = TypeVar("T")


class S3Blobs:
    """A `BlobStore` in one bucket, which must exist."""

    def __init__(self, settings: BlobSettings) -> None:
        self._bucket = settings.s3_bucket
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._client = Minio(
            settings.s3_endpoint,
            access_key=settings.s3_access_key,
            secret_key=settings.s3_secret_key.get_secret_value(),
            secure=settings.s3_secure,
            region=settings.s3_region,
            http_client=urllib3.PoolManager(
                maxsize=_THREADS,
                timeout=urllib3.Timeout(connect=_CONNECT_S, read=_READ_S),
                retries=urllib3.Retry(
                    total=3, backoff_factor=0.2, status_forcelist=[500, 502, 503, 504]
                ),
                cert_reqs="CERT_REQUIRED",
                ca_certs=certifi.where(),
            ),
        )

    async def put(
        self, tenant_id: str, chunks: AsyncIterator[bytes], *, sha256: str | None = None
    ) -> BlobInfo:
        """Store a file: whole, or not at all.

        It is gathered here first, because its name is known only at its end.
        """
        digest = hashlib.sha256()
        size = 0
        with tempfile.SpooledTemporaryFile(_IN_MEMORY_BYTES) as draft:
            async for chunk in chunks:
                await self._call(draft.write, chunk)
                digest.update(chunk)
                size += len(chunk)
            found = digest.hexdigest()
            if sha256 is not None and found != sha256:
                raise ChecksumMismatch("the bytes received do not have the announced checksum")
            draft.seek(0)
            await self._put(blob_key(tenant_id, found), cast("BinaryIO", draft), size)
        return BlobInfo(found, size)

    async def read(self, tenant_id: str, sha256: str, offset: int = 0) -> AsyncIterator[bytes]:
        """Read a file from a byte on."""
        key = blob_key(tenant_id, sha256)
        if offset and offset >= (await self.stat(tenant_id, sha256)).size:
            return  # S3 has no word for an empty range
        async for chunk in self._read(key, offset):
            yield chunk

    async def stat(self, tenant_id: str, sha256: str) -> BlobInfo:
        """Tell a file's size."""
        found = await self._call(
            self._client.stat_object, self._bucket, blob_key(tenant_id, sha256)
        )
        return BlobInfo(sha256, found.size or 0)

    async def delete(self, tenant_id: str, sha256: str) -> None:
        """Remove a file."""
        await self._call(self._client.remove_object, self._bucket, blob_key(tenant_id, sha256))

    async def list_blobs(self, tenant_id: str) -> AsyncIterator[BlobInfo]:
        """List a tenant's files."""
        async for found in self._list(blobs_prefix(tenant_id)):
            yield BlobInfo(str(found.object_name).rsplit("/", 1)[-1], found.size or 0)

    async def put_part(self, tenant_id: str, upload_id: str, index: int, data: bytes) -> None:
        """Store one part of an upload."""
        await self._put(part_key(tenant_id, upload_id, index), BytesIO(data), len(data))

    async def read_parts(self, tenant_id: str, upload_id: str, count: int) -> AsyncIterator[bytes]:
        """Read parts as one run of bytes."""
        for index in range(count):
            async for chunk in self._read(part_key(tenant_id, upload_id, index), 0):
                yield chunk

    async def delete_parts(self, tenant_id: str, upload_id: str) -> None:
        """Remove every part of an upload."""
        doomed = [
            DeleteObject(str(found.object_name))
            async for found in self._list(parts_prefix(tenant_id, upload_id))
        ]
        if doomed:
            failures = await self._call(
                lambda: list(self._client.remove_objects(self._bucket, doomed))
            )
            if failures:
                raise _failure(failures[0].code)

    async def _put(self, key: str, data: BinaryIO, size: int) -> None:
        await self._call(
            self._client.put_object,
            self._bucket,
            key,
            data,
            size,
            content_type=_TYPE,
            part_size=_UPLOAD_PART_BYTES,
        )

    async def _read(self, key: str, offset: int) -> AsyncIterator[bytes]:
        answer = await self._call(self._client.get_object, self._bucket, key, offset=offset)
        try:
            while chunk := await self._call(answer.read, CHUNK_BYTES):
                yield chunk
        finally:
            # Not given back: one that was read in part would spoil the next request.
            answer.close()

    async def _list(self, prefix: str) -> AsyncIterator[Object]:
        found = iter(self._client.list_objects(self._bucket, prefix=prefix, recursive=True))
        while page := await self._call(lambda: list(islice(found, _PAGE))):
            for item in page:
                yield item

    async def _call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        loop = asyncio.get_running_loop()
        with _translated():
            return await loop.run_in_executor(self._threads, partial(function, *args, **kwargs))


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except S3Error as error:
        raise _failure(error.code) from error
    except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
        raise _failure(type(error).__name__) from error


def _failure(code: str | None) -> HubError:
    if code in {"NoSuchKey", "NoSuchObject"}:
        return NotFound("no such file in the store")
    return Unavailable(f"the file store failed: {code}", retry_after_s=_RETRY_AFTER_S)
