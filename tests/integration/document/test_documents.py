import asyncio
from contextlib import aclosing
from dataclasses import replace

import pytest

from document_service.domain.document import DocumentState
from document_service.domain.errors import RequestIdReused
from document_service.domain.job import JobState
from document_service.domain.picture import DamagedFile
from document_service.domain.run import ReadingOptions
from document_service.ports import DocumentFilter, Inspection, JobFilter
from hubkit.core.errors import InvalidArgument, NotFound, PreconditionFailed, Stale
from hubkit.core.ids import new_id
from hubkit.core.paging import BadPageToken
from tests.integration.document.desk import Desk
from tests.integration.document.directed_reader import (
    EXTRACTION,
    IMAGE_SIZE,
    failed_page,
    page,
    picture,
)


async def test_list_is_stable_while_documents_arrive_and_go(desk: Desk) -> None:
    first = []
    for _ in range(7):
        first.append((await desk.send())[0].id)
        desk.clock.pass_by(seconds=1)
    with desk.person():
        page_one, token = await desk.documents.list(DocumentFilter(), 3, "")
        newer, _ = await desk.send()
        await desk.documents.delete(page_one[0].id, "")
        page_two, token = await desk.documents.list(DocumentFilter(), 3, token)
        page_three, end = await desk.documents.list(DocumentFilter(), 3, token)
    seen = [one.id for one in (*page_one, *page_two, *page_three)]
    assert seen == first[::-1]
    assert newer.id not in seen
    assert end == ""


async def test_documents_of_one_moment_are_listed_once_each(desk: Desk) -> None:
    sent = {(await desk.send())[0].id for _ in range(5)}
    seen, token = [], ""
    with desk.person():
        while True:
            found, token = await desk.documents.list(DocumentFilter(), 2, token)
            seen += [one.id for one in found]
            if not token:
                break
    assert len(seen) == 5
    assert set(seen) == sent


async def test_filter_by_state_type_and_time(desk: Desk) -> None:
    old, job = await desk.send()
    await desk.work(job)
    desk.clock.pass_by(days=1)
    new, _ = await desk.send()
    cases = {
        DocumentFilter(states=(DocumentState.NEEDS_REVIEW,)): [old.id],
        DocumentFilter(states=(DocumentState.NEEDS_REVIEW, DocumentState.UPLOADED)): [
            new.id,
            old.id,
        ],
        DocumentFilter(document_types=("tax_invoice",)): [old.id],
        DocumentFilter(document_types=("invoice",)): [],
        DocumentFilter(created_from=new.create_time): [new.id],
        DocumentFilter(created_before=new.create_time): [old.id],
    }
    with desk.person():
        for wanted, expected in cases.items():
            found, _ = await desk.documents.list(wanted, 0, "")
            assert [one.id for one in found] == expected


async def test_page_token_of_another_filter_or_made_up_is_refused(desk: Desk) -> None:
    for _ in range(2):
        await desk.send()
    with desk.person():
        _, token = await desk.documents.list(DocumentFilter(), 1, "")
        for wanted, given in (
            (DocumentFilter(states=(DocumentState.FAILED,)), token),
            (DocumentFilter(), "AAAA"),
            (DocumentFilter(), "ไทย\0"),
        ):
            with pytest.raises(BadPageToken):
                await desk.documents.list(wanted, 1, given)
        with pytest.raises(InvalidArgument):
            await desk.documents.list(DocumentFilter(), -1, "")


async def test_delete_of_what_the_caller_has_not_seen_is_refused(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    with desk.person():
        with pytest.raises(Stale):
            await desk.documents.delete(document.id, document.etag)
        await desk.documents.delete(document.id, (await desk.documents.get(document.id)).etag)
        with pytest.raises(NotFound):
            await desk.documents.get(document.id)


async def test_old_result_stands_until_the_new_reading_is_whole(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    with desk.person():
        again = await desk.read_again(new_id(), document.id, ReadingOptions(("th",), True))
    better = replace(EXTRACTION, fields=EXTRACTION.fields[:1], line_items=(), warnings=())
    desk.reader.extraction = better
    queued = await desk.document(document.id)
    assert (queued.state, queued.pages_done) == (DocumentState.UPLOADED, 0)
    assert queued.classification == EXTRACTION.classification
    with desk.person():
        assert len((await desk.fields(document.id)).fields) == 6
        assert len((await desk.pages.list(document.id, 0, ""))[0]) == 3
    await desk.work(again)
    with desk.person():
        assert len((await desk.fields(document.id)).fields) == 1
    assert desk.reader.options[-1] == ReadingOptions(("th",), True)
    assert (await desk.document(document.id)).warnings == ()
    assert (await desk.count("run"), await desk.count("page")) == (1, 3)


async def test_failed_second_reading_leaves_the_first_result(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    with desk.person():
        again = await desk.read_again(new_id(), document.id, ReadingOptions())
    desk.reader.answer = lambda number: failed_page(number, "CORRUPT")
    await desk.work(again)
    kept = await desk.document(document.id)
    assert (kept.state, kept.error) == (DocumentState.NEEDS_REVIEW, None)
    assert (await desk.job(again.id)).state is JobState.FAILED
    with desk.person():
        assert len((await desk.fields(document.id)).fields) == 6


async def test_failed_document_can_be_read_again(desk: Desk) -> None:
    desk.reader.answer = lambda number: failed_page(number, "CORRUPT")
    document, job = await desk.send()
    await desk.work(job)
    desk.reader.answer = page
    with desk.person():
        again = await desk.read_again(new_id(), document.id, ReadingOptions())
    await desk.work(again)
    assert (await desk.document(document.id)).state is DocumentState.NEEDS_REVIEW


async def test_same_request_is_the_same_job_and_another_is_refused_meanwhile(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    request_id = new_id()
    with desk.person():
        jobs = await asyncio.gather(
            *(desk.read_again(request_id, document.id, ReadingOptions()) for _ in range(20))
        )
        assert len({one.id for one in jobs}) == 1
        with pytest.raises(RequestIdReused):
            await desk.read_again(request_id, document.id, ReadingOptions(force_ocr=True))
        with pytest.raises(PreconditionFailed) as refused:
            await desk.read_again(new_id(), document.id, ReadingOptions())
        assert refused.value.facts == {"job_id": jobs[0].id}
        await desk.jobs.cancel(jobs[0].id)
        await desk.read_again(new_id(), document.id, ReadingOptions())
    assert await desk.queued() == 3


async def test_jobs_are_listed_by_document_and_state(desk: Desk) -> None:
    document, job = await desk.send()
    desk.clock.pass_by(seconds=1)
    _, other = await desk.send()
    with desk.person():
        await desk.jobs.cancel(job.id)
        for wanted, expected in (
            (JobFilter(), [other.id, job.id]),
            (JobFilter(document_id=document.id), [job.id]),
            (JobFilter(states=(JobState.QUEUED,)), [other.id]),
        ):
            found, token = await desk.jobs.list(wanted, 0, "")
            assert ([one.id for one in found], token) == (expected, "")


async def test_picture_is_given_as_stored_or_smaller(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    with desk.person():
        stored = await desk.pages.picture(document.id, 2, 0)
        data = b"".join([chunk async for chunk in stored.chunks])
        assert (data, stored.width_px, stored.height_px) == (picture(2), *IMAGE_SIZE)
        small = await desk.pages.picture(document.id, 2, 30)
        assert (small.width_px, small.height_px, small.media_type) == (20, 30, "image/webp")
        assert b"".join([chunk async for chunk in small.chunks])[8:12] == b"WEBP"
        for number, max_px in ((2, 15), (2, 10_001), (0, 0), (-1, 0)):
            with pytest.raises(InvalidArgument):
                await desk.pages.picture(document.id, number, max_px)
        with pytest.raises(NotFound):
            await desk.pages.picture(document.id, 4, 0)


async def test_damaged_picture_is_never_shown_as_whole(desk: Desk) -> None:
    desk.reader.inspection = Inspection("image/png", 1, ())
    document, job = await desk.send()
    await desk.work(job)
    for path in desk.files():
        if path.name != document.file.sha256:
            path.write_bytes(b"x" * path.stat().st_size)
    with desk.person():
        with pytest.raises(DamagedFile):
            await desk.pages.picture(document.id, 1, 30)
        stored = await desk.pages.picture(document.id, 1, 0)
        with pytest.raises(DamagedFile):
            _ = [chunk async for chunk in stored.chunks]


async def test_file_comes_back_from_any_offset(desk: Desk) -> None:
    content = bytes(range(256)) * 6000
    document, _ = await desk.send(content)
    with desk.person():
        for offset in (0, 1, 1_000_000, len(content)):
            file, chunks = await desk.pages.file(document.id, offset)
            got = [chunk async for chunk in chunks]
            assert b"".join(got) == content[offset:]
            assert all(len(chunk) <= 1 << 20 for chunk in got)
            assert file == document.file
        for offset in (-1, len(content) + 1):
            with pytest.raises(InvalidArgument):
                await desk.pages.file(document.id, offset)


async def test_watcher_resumes_by_cursor_and_misses_nothing(desk: Desk) -> None:
    feed = asyncio.create_task(desk.feed.run())
    document, job = await desk.send()
    with desk.person():
        async with asyncio.timeout(20), aclosing(desk.watch("", "")) as changes:
            cursor, heartbeat = await anext(changes)
            assert heartbeat.document_id is None
            other, _ = await desk.send()
            cursor, change = await anext(changes)
            assert change.document_id == other.id
    await desk.work(job)
    with desk.person():
        async with asyncio.timeout(20), aclosing(desk.watch(cursor, document.id)) as changes:
            await anext(changes)
            for _ in range(5):
                cursor, change = await anext(changes)
                assert change.document_id == document.id
        with pytest.raises(BadPageToken):
            await anext(desk.watch("made up", ""))
    feed.cancel()


async def test_job_is_followed_to_its_end(desk: Desk) -> None:
    feed = asyncio.create_task(desk.feed.run())
    _, job = await desk.send()
    states = []
    with desk.person():
        async with asyncio.timeout(20), aclosing(desk.jobs.follow(job.id)) as following:
            states.append((await anext(following)).state)
            work = asyncio.create_task(desk.work(job))
            states += [one.state async for one in following]
            await work
        over = [one.state async for one in desk.jobs.follow(job.id)]
    assert (states[0], states[-1]) == (JobState.QUEUED, JobState.SUCCEEDED)
    assert over == [JobState.SUCCEEDED]
    feed.cancel()
