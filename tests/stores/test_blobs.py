"""What every store of files keeps to."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hubkit.blobs import port
from hubkit.blobs.port import CHUNK_BYTES, BlobInfo, BlobStore, ChecksumMismatch
from hubkit.blobs.store import open_blobs
from hubkit.config import BlobSettings
from hubkit.core.errors import HubError, NotFound, Unavailable
from hubkit.core.ids import new_id
from hubkit.testing.s3 import S3Server


@pytest.fixture(params=["filesystem", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> BlobSettings:
    if request.param == "filesystem":
        return BlobSettings(kind="filesystem", root=tmp_path / "blobs")
    server: S3Server = request.getfixturevalue("s3_server")
    return server.settings()


@pytest.fixture
def store(settings: BlobSettings) -> BlobStore:
    return open_blobs(settings)


async def pieces(data: bytes, size: int = 300_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def gathered(chunks: AsyncIterator[bytes]) -> bytes:
    got = [chunk async for chunk in chunks]
    assert all(0 < len(chunk) <= CHUNK_BYTES for chunk in got)
    return b"".join(got)


async def held(store: BlobStore, tenant_id: str) -> set[str]:
    return {info.sha256 async for info in store.list_blobs(tenant_id)}


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES, 20 * CHUNK_BYTES + 7])
async def test_file_comes_back_whole_and_from_any_byte(store: BlobStore, size: int) -> None:
    tenant, data = new_id(), os.urandom(size)
    expected = BlobInfo(hashlib.sha256(data).hexdigest(), size)
    assert await store.put(tenant, pieces(data), sha256=expected.sha256) == expected
    assert await store.stat(tenant, expected.sha256) == expected
    for offset in {0, size // 2, max(size - 1, 0), size, size + 1}:
        found = await gathered(store.read(tenant, expected.sha256, offset))
        assert found == data[offset:]


async def test_same_file_twice_is_one(store: BlobStore) -> None:
    tenant = new_id()
    first = await store.put(tenant, pieces(b"same"))
    assert await store.put(tenant, pieces(b"same")) == first
    assert [info async for info in store.list_blobs(tenant)] == [first]


async def test_wrong_checksum_is_refused_and_nothing_kept(store: BlobStore) -> None:
    tenant = new_id()
    with pytest.raises(ChecksumMismatch):
        await store.put(tenant, pieces(b"data"), sha256=hashlib.sha256(b"other").hexdigest())
    assert await held(store, tenant) == set()


async def test_sender_that_fails_midway_leaves_nothing(store: BlobStore) -> None:
    async def breaks() -> AsyncIterator[bytes]:
        yield b"first"
        raise ZeroDivisionError

    tenant = new_id()
    with pytest.raises(ZeroDivisionError):
        await store.put(tenant, breaks())
    assert await held(store, tenant) == set()


async def test_tenant_reaches_its_own_files_alone(store: BlobStore) -> None:
    owner, stranger, upload = new_id(), new_id(), new_id()
    info = await store.put(owner, pieces(b"secret"))
    await store.put_part(owner, upload, 0, b"part")
    for reading in (
        store.read(stranger, info.sha256),
        store.read_parts(stranger, upload, 1),
    ):
        with pytest.raises(NotFound):
            await gathered(reading)
    with pytest.raises(NotFound):
        await store.stat(stranger, info.sha256)
    await store.delete(stranger, info.sha256)
    await store.delete_parts(stranger, upload)
    assert await held(store, stranger) == set()
    assert await gathered(store.read(owner, info.sha256)) == b"secret"
    assert await gathered(store.read_parts(owner, upload, 1)) == b"part"


async def test_deleting_again_is_no_error(store: BlobStore) -> None:
    tenant = new_id()
    info = await store.put(tenant, pieces(b"short-lived"))
    for _ in range(2):
        await store.delete(tenant, info.sha256)
    with pytest.raises(NotFound):
        await gathered(store.read(tenant, info.sha256))


async def test_parts_come_in_any_order_and_again(store: BlobStore) -> None:
    tenant, upload, another = new_id(), new_id(), new_id()
    parts = {index: os.urandom(70_000 + index) for index in range(12)}
    await store.put_part(tenant, upload, 3, b"a broken try")
    await store.put_part(tenant, another, 0, b"another upload")
    for index in sorted(parts, reverse=True):
        await store.put_part(tenant, upload, index, parts[index])
    whole = b"".join(parts[index] for index in range(12))
    assert await gathered(store.read_parts(tenant, upload, 12)) == whole
    info = await store.put(tenant, store.read_parts(tenant, upload, 12))
    assert info == BlobInfo(hashlib.sha256(whole).hexdigest(), len(whole))
    with pytest.raises(NotFound):
        await gathered(store.read_parts(tenant, upload, 13))
    for _ in range(2):
        await store.delete_parts(tenant, upload)
    with pytest.raises(NotFound):
        await gathered(store.read_parts(tenant, upload, 12))
    assert await gathered(store.read_parts(tenant, another, 1)) == b"another upload"
    assert await held(store, tenant) == {info.sha256}  # parts are no files


@pytest.mark.parametrize("ending", ["hangs", "is full"])
async def test_writer_killed_or_out_of_room_leaves_no_half_file(
    settings: BlobSettings, store: BlobStore, ending: str
) -> None:
    tenant = new_id()
    said = write_in_a_process(settings, tenant, ending)
    assert said == ("half" if ending == "hangs" else "UNAVAILABLE")
    assert await held(store, tenant) == set()
    with pytest.raises(NotFound):
        await store.stat(tenant, hashlib.sha256(b"x" * (10 << 20)).hexdigest())


def write_in_a_process(settings: BlobSettings, tenant_id: str, ending: str) -> str:
    """Give what a writer says when it is half done or has failed; then it is killed."""
    script = str(Path(__file__).with_name("doomed_writer.py"))
    with subprocess.Popen(
        [sys.executable, script, tenant_id, ending],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        facts = settings.model_dump(mode="json", exclude={"s3_secret_key"})
        process.stdin.write(f"{json.dumps(facts)}\n{settings.s3_secret_key.get_secret_value()}\n")
        process.stdin.flush()
        said = process.stdout.readline().strip()
        process.kill()
    return said


@pytest.mark.parametrize("name", ["../../etc", "a/b", "", "A" * 64, "0" * 63])
async def test_no_name_in_the_store_comes_from_a_user(store: BlobStore, name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a bug of the caller, of whatever words
        await store.stat(new_id(), name)
    for tenant, upload in ((name, new_id()), (new_id(), name), (new_id().upper(), new_id())):
        with pytest.raises(ValueError):  # noqa: PT011 - the same
            await store.put_part(tenant, upload, 0, b"")
    key = port.blob_key(new_id(), hashlib.sha256(b"").hexdigest())
    assert set(key) <= set("0123456789abcdef-/blobs")


async def test_drafts_of_killed_writers_are_swept(tmp_path: Path) -> None:
    drafts = tmp_path / "drafts"
    drafts.mkdir()
    old, young = drafts / "old", drafts / "young"
    for draft in (old, young):
        draft.write_bytes(b"half")
    day_before = time.time() - 25 * 3600
    os.utime(old, (day_before, day_before))
    open_blobs(BlobSettings(root=tmp_path))
    assert [path.name for path in drafts.iterdir()] == ["young"]


async def test_files_are_closed_to_other_users(tmp_path: Path) -> None:
    root = tmp_path / "blobs"
    await open_blobs(BlobSettings(root=root)).put(new_id(), pieces(b"data"))
    assert {path.stat().st_mode & 0o077 for path in root.rglob("*") if path.is_dir()} == {0}


@pytest.mark.parametrize(
    "change",
    [{"s3_endpoint": "127.0.0.1:1"}, {"s3_secret_key": "wrong"}, {"s3_bucket": "no-such-bucket"}],
    ids=lambda change: next(iter(change)),
)
async def test_store_that_does_not_serve_is_unavailable(
    s3_server: S3Server, change: dict[str, str]
) -> None:
    facts = s3_server.settings().model_dump() | change
    store = open_blobs(BlobSettings.model_validate(facts))
    with pytest.raises(Unavailable) as caught:
        await store.put(new_id(), pieces(b"data"))
    assert isinstance(caught.value, HubError)
    assert "wrong" not in str(caught.value)
