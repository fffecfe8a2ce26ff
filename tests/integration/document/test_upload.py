import asyncio
import hashlib
import random
from dataclasses import replace

import google_crc32c
import pytest

from document_service.domain.document import DocumentState
from document_service.domain.errors import (
    ChecksumMismatch,
    CorruptFile,
    EncryptedFile,
    RequestIdReused,
    UploadIncomplete,
)
from document_service.domain.job import JobState
from document_service.domain.upload import Announcement
from document_service.ports import Inspection
from hubkit.core.errors import HubError, InvalidArgument, NotFound, PreconditionFailed, Unavailable
from hubkit.core.ids import new_id
from tests.integration.document.desk import PART, Desk, parts_of
from tests.integration.document.directed_reader import DirectedReader

CONTENT = random.Random(7).randbytes(3 * PART + 100)  # noqa: S311 - no secret


def announced(content: bytes, filename: str = "bill.pdf") -> Announcement:
    sha256 = hashlib.sha256(content).hexdigest()
    return Announcement.checked(filename, len(content), sha256, PART)


async def test_completed_upload_is_a_document_with_a_job_and_an_event(desk: Desk) -> None:
    document, job = await desk.send(CONTENT)
    assert (document.state, document.page_count) == (DocumentState.UPLOADED, 3)
    assert document.file.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert document.creator_id == desk.person_id
    assert (job.state, job.document_id, job.progress.total) == (JobState.QUEUED, document.id, 3)
    assert await desk.document(document.id) == document
    assert [event.type for event in await desk.events()] == ["document.changed"]
    assert await desk.queued() == 1
    assert desk.reader.tenants == {desk.tenant_id}
    assert [path.name for path in desk.files()] == [document.file.sha256]


async def test_parts_come_in_any_order_and_more_than_once(desk: Desk) -> None:
    with desk.person():
        upload = await desk.start(CONTENT)
        for index in (3, 0, 2, 0, 1, 3):
            await desk.put(upload, index, parts_of(CONTENT)[index])
        assert (await desk.send_file.status(upload.id)).received == (0, 1, 2, 3)
        document, _ = await desk.complete(upload.id)
    assert document.file.size_bytes == len(CONTENT)


async def test_missing_part_is_named_and_the_upload_goes_on(desk: Desk) -> None:
    with desk.person():
        upload = await desk.start(CONTENT)
        for index in (0, 1, 3):
            await desk.put(upload, index, parts_of(CONTENT)[index])
        with pytest.raises(UploadIncomplete) as refused:
            await desk.complete(upload.id)
        assert refused.value.facts == {"first_missing": "2"}
        await desk.put(upload, 2, parts_of(CONTENT)[2])
        await desk.complete(upload.id)


async def test_part_with_a_wrong_checksum_is_not_kept(desk: Desk) -> None:
    with desk.person():
        upload = await desk.start(CONTENT)
        with pytest.raises(ChecksumMismatch):
            await desk.send_file.put_part(upload.id, 0, CONTENT[:PART], 12345)
        with pytest.raises(InvalidArgument) as refused:
            await desk.put(upload, 0, CONTENT[: PART - 1])
        assert refused.value.field == "data"
        with pytest.raises(InvalidArgument) as refused:
            await desk.put(upload, 4, CONTENT[:PART])
        assert refused.value.field == "index"
        assert (await desk.send_file.status(upload.id)).received == ()
    assert desk.files() == []


async def test_wrong_whole_checksum_is_refused_for_good_and_leaves_nothing(desk: Desk) -> None:
    with desk.person():
        upload = await desk.start(CONTENT)
        for index, data in enumerate(parts_of(CONTENT)):
            wrong = bytes(len(data)) if index == 1 else data
            await desk.put(upload, index, wrong)
        for _ in range(2):
            with pytest.raises(HubError) as refused:
                await desk.complete(upload.id)
            assert refused.value.reason == "CHECKSUM_MISMATCH"
    assert await desk.count("document") == 0
    assert desk.files() == []


async def test_twenty_parallel_starts_of_one_request_are_one_upload(desk: Desk) -> None:
    request_id = new_id()
    with desk.person():
        started = await asyncio.gather(
            *(desk.send_file.start(request_id, announced(CONTENT)) for _ in range(20))
        )
    assert len({status.upload.id for status in started}) == 1
    assert await desk.count("upload") == 1


async def test_twenty_parallel_completions_are_one_document_and_one_job(desk: Desk) -> None:
    with desk.person():
        upload = await desk.fill(CONTENT)
        answers = await asyncio.gather(*(desk.complete(upload.id) for _ in range(20)))
        again = await desk.complete(upload.id)
    assert {(d.id, j.id) for d, j in answers} == {(again[0].id, again[1].id)}
    assert (await desk.count("document"), await desk.count("job")) == (1, 1)
    assert await desk.queued() == 1
    assert len(await desk.events()) == 1


async def test_request_id_of_another_announcement_is_refused(desk: Desk) -> None:
    request_id = new_id()
    with desk.person():
        await desk.send_file.start(request_id, announced(CONTENT))
        with pytest.raises(RequestIdReused):
            await desk.send_file.start(request_id, announced(CONTENT, "other.pdf"))
        with pytest.raises(InvalidArgument):
            await desk.send_file.start("not an id", announced(CONTENT))


async def test_request_id_is_free_again_after_a_day(desk: Desk) -> None:
    request_id = new_id()
    with desk.person():
        first = await desk.send_file.start(request_id, announced(CONTENT))
        desk.clock.pass_by(hours=25)
        second = await desk.send_file.start(request_id, announced(b"other"))
    assert first.upload.id != second.upload.id


async def test_refused_file_leaves_nothing_and_is_refused_alike_again(desk: Desk) -> None:
    desk.reader.inspection = EncryptedFile("the file asks for a password", pages="?")
    with desk.person():
        upload = await desk.fill(CONTENT)
        for _ in range(2):
            with pytest.raises(EncryptedFile) as refused:
                await desk.complete(upload.id)
            assert str(refused.value) == "the file asks for a password"
            assert refused.value.facts == {"pages": "?"}
            desk.reader.inspection = CorruptFile("another answer would be a contradiction")
        with pytest.raises(PreconditionFailed):
            await desk.put(upload, 0, CONTENT[:PART])
    assert desk.files() == []
    assert await desk.count("document") == 0
    assert await desk.events() == []


async def test_refused_file_stays_where_a_document_of_the_tenant_needs_it(desk: Desk) -> None:
    document, _ = await desk.send(CONTENT)
    desk.reader.inspection = CorruptFile("damaged")
    with desk.person(), pytest.raises(CorruptFile):
        await desk.complete((await desk.fill(CONTENT)).id)
    assert [path.name for path in desk.files()] == [document.file.sha256]


async def test_upload_waits_for_a_reader_that_is_away(desk: Desk) -> None:
    seen = desk.reader.inspection
    desk.reader.inspection = Unavailable("away", retry_after_s=2)
    with desk.person():
        upload = await desk.fill(CONTENT)
        with pytest.raises(Unavailable):
            await desk.complete(upload.id)
        desk.reader.inspection = seen
        await desk.complete(upload.id)
    assert await desk.count("document") == 1


async def test_damaged_stored_file_is_mended_by_the_next_upload_of_it(desk: Desk) -> None:
    await desk.send(CONTENT)
    [stored] = desk.files()
    stored.write_bytes(b"damaged")

    class CheckingReader(DirectedReader):
        async def inspect(self, sha256: str) -> Inspection:
            if stored.read_bytes() != CONTENT:
                raise ChecksumMismatch("other bytes than promised")
            return await super().inspect(sha256)

    with desk.person():
        await replace(desk.complete, reader=CheckingReader())((await desk.fill(CONTENT)).id)
    assert stored.read_bytes() == CONTENT


async def test_aborted_upload_keeps_no_parts_and_takes_no_more(desk: Desk) -> None:
    with desk.person():
        upload = await desk.fill(CONTENT)
        await desk.send_file.abort(upload.id)
        await desk.send_file.abort(upload.id)
        assert desk.files() == []
        with pytest.raises(PreconditionFailed):
            await desk.complete(upload.id)


async def test_completed_upload_cannot_be_aborted(desk: Desk) -> None:
    with desk.person():
        upload = await desk.fill(CONTENT)
        await desk.complete(upload.id)
        with pytest.raises(PreconditionFailed):
            await desk.send_file.abort(upload.id)


async def test_name_of_a_file_is_part_of_no_key(desk: Desk) -> None:
    document, _ = await desk.send(CONTENT, "../../etc/secret\0name\r\n.pdf")
    assert document.file.filename == "secretname.pdf"
    assert "secret" not in "".join(str(path) for path in desk.blob_root.rglob("*"))


async def test_same_name_and_content_twice_are_two_documents(desk: Desk) -> None:
    (first, _), (second, _) = await desk.send(CONTENT), await desk.send(CONTENT)
    assert first.id != second.id
    assert len(desk.files()) == 1


async def test_expired_upload_goes_with_the_sweep(desk: Desk) -> None:
    with desk.person():
        upload = await desk.fill(CONTENT)
        desk.clock.pass_by(hours=25)
        with pytest.raises(PreconditionFailed):
            await desk.complete(upload.id)
        assert (await desk.sweep()).uploads >= 1
        with pytest.raises(NotFound):
            await desk.send_file.status(upload.id)
    assert desk.files() == []
    assert (await desk.count("upload_part"), await desk.count("request")) == (0, 0)


async def test_unreferenced_blob_goes_after_the_grace_period(desk: Desk) -> None:
    kept, _ = await desk.send(CONTENT)
    gone, _ = await desk.send(b"to be deleted")
    with desk.person():
        await desk.documents.delete(gone.id, "")
    await desk.sweep()
    assert len(desk.files()) == 2
    desk.clock.pass_by(minutes=59)
    await desk.sweep()
    assert len(desk.files()) == 2
    desk.clock.pass_by(minutes=2)
    assert (await desk.sweep()).blobs == 1
    assert [path.name for path in desk.files()] == [kept.file.sha256]


async def test_blob_swept_before_its_row_is_written_makes_no_dangling_document(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with desk.person():
        upload = await desk.fill(CONTENT)
        inspect = desk.reader.inspect

        async def inspect_then_lose(sha256: str) -> object:
            seen = await inspect(sha256)
            await desk.outside.blobs.delete(desk.tenant_id, sha256)
            return seen

        with monkeypatch.context() as patched:
            patched.setattr(desk.reader, "inspect", inspect_then_lose)
            with pytest.raises(Unavailable):
                await desk.complete(upload.id)
        assert await desk.count("document") == 0
        await desk.complete(upload.id)
    assert await desk.count("document") == 1


def test_checksum_is_castagnoli() -> None:
    assert google_crc32c.value(b"123456789") == 0xE3069283
