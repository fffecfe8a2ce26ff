from collections.abc import AsyncIterator, Callable

import pytest

from dochub.document.v1 import events_pb2
from document_service.application import process_document, read_pages
from document_service.domain.document import DocumentState
from document_service.domain.errors import CorruptFile, ReaderLost
from document_service.domain.job import JobState
from document_service.domain.page import PageReading
from document_service.ports import Inspection
from hubkit.core.errors import DeadlineExceeded, HubError, Unavailable
from tests.integration.document.desk import Desk
from tests.integration.document.directed_reader import EXTRACTION, failed_page, page


class Interrupted(Exception):
    """Stands for the death of the process."""


def pages(count: int) -> Inspection:
    return Inspection("application/pdf", count, ("REPAIRED",))


async def test_document_is_read_page_by_page_and_its_fields_extracted(desk: Desk) -> None:
    desk.reader.inspection = pages(6)
    document, job = await desk.send()
    await desk.work(job)
    read, done = await desk.document(document.id), await desk.job(job.id)
    assert (read.state, read.pages_done, read.error) == (DocumentState.NEEDS_REVIEW, 6, None)
    assert read.classification == EXTRACTION.classification
    assert read.warnings == ("REPAIRED", "TOTALS_DISAGREE")
    assert (done.state, done.starts) == (JobState.SUCCEEDED, 1)
    assert (done.progress.done, done.progress.total, done.progress.stage) == (6, 6, "done")
    assert sorted(desk.reader.asked) == [(1, 4), (5, 6)]
    assert desk.reader.extracted == [(1, 2, 3, 4, 5, 6)]
    assert desk.reader.tenants == {desk.tenant_id}
    with desk.person():
        listed, token = await desk.pages.list(document.id, 0, "")
        fields = (await desk.fields(document.id)).fields
    assert [one.number for one in listed] == [1, 2, 3, 4, 5, 6]
    assert token == ""
    assert (listed[0].width_px, listed[0].line_count, listed[0].rotation) == (1000, 2, 90)
    assert listed[0].mean_confidence == pytest.approx(0.75)
    assert [(f.position, f.value.key) for f in fields] == [
        (None, "number"),
        (None, "issue_date"),
        (None, "total"),
        (1, "description"),
        (1, "amount"),
        (2, "description"),
    ]
    assert {f.value for f in fields} == {*EXTRACTION.fields, *EXTRACTION.line_items[0]} | {
        EXTRACTION.line_items[1][0]
    }


async def test_every_step_is_told_by_an_event(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    told = await desk.events("document.changed")
    seen = [events_pb2.DocumentChanged.FromString(event.payload).document for event in told]
    assert [one.pages_done for one in seen] == [0, 0, 1, 2, 3, 3]
    assert [int(one.etag) for one in seen] == [1, 2, 3, 4, 5, 6]
    fields = await desk.events("document.fields_changed")
    [event] = [events_pb2.FieldsChanged.FromString(one.payload) for one in fields]
    assert event.document.id == document.id
    assert [field.key for field in event.extraction.fields] == ["total", "number", "issue_date"]
    assert event.extraction.line_items[0].cells[0].value.number.value == "1000.50"


POINTS = (
    "document.after_claim",
    "document.before_page_commit",
    "document.after_page",
    "document.before_result_commit",
)


@pytest.mark.parametrize("point", POINTS)
async def test_interrupted_work_is_resumed_without_loss_or_repetition(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    desk.reader.inspection = pages(6)
    document, job = await desk.send()
    hits: list[str] = []

    def interrupt(name: str, key: str = "") -> None:
        hits.append(name)
        if name == point and hits.count(point) == (3 if "page" in point else 1):
            raise Interrupted

    with monkeypatch.context() as patched:
        patched.setattr(process_document, "fault_point", interrupt)
        patched.setattr(read_pages, "fault_point", interrupt)
        with pytest.raises((Interrupted, ExceptionGroup)):
            await desk.work(job)
    stored = await desk.count("page")
    asked_before = len(desk.reader.asked)
    await desk.work(job)
    again = [
        number
        for first, last in desk.reader.asked[asked_before:]
        for number in range(first, last + 1)
    ]
    assert len(again) == 6 - stored
    assert await desk.count("page") == 6
    assert (await desk.document(document.id)).pages_done == 6
    assert (await desk.job(job.id)).state is JobState.SUCCEEDED
    assert (await desk.job(job.id)).starts == (1 if point == "document.after_claim" else 2)
    told = [
        events_pb2.DocumentChanged.FromString(event.payload).document.etag
        for event in await desk.events("document.changed")
    ]
    assert len(set(told)) == len(told)
    assert len(await desk.events("document.fields_changed")) == 1


async def test_delivery_of_a_finished_job_changes_nothing(desk: Desk) -> None:
    document, job = await desk.send()
    await desk.work(job)
    before = await desk.document(document.id)
    await desk.work(job)
    assert await desk.document(document.id) == before


def with_bad_page(number: int, reason: str) -> Callable[[int], PageReading]:
    return lambda asked: failed_page(asked, reason) if asked == number else page(asked)


@pytest.mark.parametrize(
    ("reason", "shown"), [("READER_DIED", "READER_DIED"), ("TIMEOUT", "TIMEOUT")]
)
async def test_page_that_kills_its_reader_is_given_up_after_three_tries(
    desk: Desk, reason: str, shown: str
) -> None:
    desk.reader.inspection = pages(4)
    desk.reader.answer = with_bad_page(2, reason)
    document, job = await desk.send()
    await desk.work(job)
    assert desk.reader.asked == [(1, 4), (2, 2), (2, 2)]
    read = await desk.document(document.id)
    assert read.state is DocumentState.NEEDS_REVIEW
    assert "PAGE_GIVEN_UP" in read.warnings
    with desk.person():
        listed, _ = await desk.pages.list(document.id, 0, "")
    assert [one.error.reason if one.error else None for one in listed] == [None, shown, None, None]
    assert listed[1].warnings == ("PAGE_GIVEN_UP",)
    assert desk.reader.extracted == [(1, 3, 4)]


async def test_page_with_a_fault_of_its_own_is_not_tried_again(desk: Desk) -> None:
    desk.reader.answer = with_bad_page(3, "CORRUPT")
    document, job = await desk.send()
    await desk.work(job)
    assert desk.reader.asked == [(1, 3)]
    assert "PAGE_UNREADABLE" in (await desk.document(document.id)).warnings


async def test_document_without_one_readable_page_fails_with_the_reason(desk: Desk) -> None:
    desk.reader.inspection = pages(1)
    desk.reader.answer = with_bad_page(1, "READER_DIED")
    document, job = await desk.send()
    await desk.work(job)
    failed = await desk.document(document.id)
    assert failed.state is DocumentState.FAILED
    assert failed.error is not None
    assert failed.error.reason == "READER_DIED"
    assert (await desk.job(job.id)).error == failed.error


async def test_outage_of_the_reader_uses_up_no_start(desk: Desk) -> None:
    document, job = await desk.send()
    for _ in range(12):
        desk.reader.away = Unavailable("away")
        with pytest.raises(Unavailable):
            await desk.work(job)
        desk.reader.away = None

        def refuse(number: int) -> PageReading:
            raise Unavailable("its files are away")

        desk.reader.answer = refuse
        with pytest.raises(Unavailable):
            await desk.work(job)
    desk.reader.answer = page
    await desk.work(job)
    read = await desk.document(document.id)
    assert (read.state, read.warnings) == (DocumentState.NEEDS_REVIEW, ("TOTALS_DISAGREE",))


async def test_outage_of_the_files_uses_up_no_start_and_leaves_no_row_without_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("away", retry_after_s=5)

    async def read_away(*_: object, **__: object) -> AsyncIterator[bytes]:
        raise Unavailable("away", retry_after_s=5)
        yield b""

    document, job = await desk.send()
    for name, failing in (("read", read_away), ("put", away), ("stat", away)) * 4:
        with monkeypatch.context() as patched:
            patched.setattr(desk.outside.blobs, name, failing)
            with pytest.raises(Unavailable):
                await desk.work(job)
            with desk.person():
                upload = await desk.fill(b"another")
                _, chunks = await desk.pages.file(document.id, 0)
                use = anext(chunks) if name == "read" else desk.complete(upload.id)
                with pytest.raises(Unavailable):
                    await use
        assert await desk.count("page") == 0
        assert await desk.count("document") == 1
    await desk.work(job)
    assert (await desk.document(document.id)).warnings == ("TOTALS_DISAGREE",)


async def test_pages_after_a_lost_reader_go_alone_and_the_guilty_one_is_given_up(
    desk: Desk,
) -> None:
    def lose(number: int) -> PageReading:
        if number == 2:
            raise ReaderLost("connection reset")
        return page(number)

    desk.reader.answer = lose
    document, job = await desk.send()
    lost = 0
    while (await desk.job(job.id)).state is not JobState.SUCCEEDED:
        try:
            await desk.work(job)
        except Unavailable:
            lost += 1
    assert lost == 10
    assert desk.reader.asked[0] == (1, 3)
    assert set(desk.reader.asked[1:]) == {(2, 2), (3, 3)}
    assert desk.reader.asked.count((3, 3)) == 1
    assert (await desk.document(document.id)).warnings == ("PAGE_GIVEN_UP", "TOTALS_DISAGREE")


async def test_stalled_stream_is_tried_later_and_condemns_no_page(desk: Desk) -> None:
    def stall(number: int) -> PageReading:
        raise DeadlineExceeded("nothing came")

    desk.reader.answer = stall
    document, job = await desk.send()
    for _ in range(5):
        with pytest.raises(Unavailable):
            await desk.work(job)
    desk.reader.answer = page
    await desk.work(job)
    assert (await desk.document(document.id)).warnings == ("TOTALS_DISAGREE",)


async def test_defect_of_the_reader_condemns_only_a_page_that_was_alone(desk: Desk) -> None:
    def fail(number: int) -> PageReading:
        if number == 1:
            raise HubError("a defect of the reader")
        return page(number)

    desk.reader.answer = fail
    document, job = await desk.send()
    await desk.work(job)
    assert desk.reader.asked.count((1, 1)) == 3
    assert desk.reader.asked.count((2, 2)) == 1
    with desk.person():
        listed, _ = await desk.pages.list(document.id, 0, "")
    assert [one.error is None for one in listed] == [False, True, True]


async def test_damaged_file_is_never_read(desk: Desk) -> None:
    document, job = await desk.send(b"the true bytes")
    [stored] = desk.files()
    stored.write_bytes(b"other bytes!!!")
    await desk.work(job)
    failed = await desk.document(document.id)
    assert desk.reader.asked == []
    assert failed.error is not None
    assert (failed.state, failed.error.reason) == (DocumentState.FAILED, "CHECKSUM_MISMATCH")


async def test_missing_file_fails_with_a_reason(desk: Desk) -> None:
    document, job = await desk.send()
    for stored in desk.files():
        stored.unlink()
    await desk.work(job)
    failed = await desk.document(document.id)
    assert failed.error is not None
    assert (failed.state, failed.error.reason) == (DocumentState.FAILED, "NOT_FOUND")


async def test_file_found_unreadable_while_reading_fails_at_once(desk: Desk) -> None:
    def refuse(number: int) -> PageReading:
        raise CorruptFile("the file is damaged")

    desk.reader.answer = refuse
    document, job = await desk.send()
    await desk.work(job)
    assert (await desk.document(document.id)).state is DocumentState.FAILED
    assert (await desk.job(job.id)).state is JobState.FAILED


async def test_cancel_is_seen_between_pages(desk: Desk) -> None:
    document, job = await desk.send()

    async def cancel() -> None:
        with desk.person():
            await desk.jobs.cancel(job.id)

    await work_with(desk, job.id, 2, cancel)
    assert await desk.count("page") == 1
    stopped, ended = await desk.document(document.id), await desk.job(job.id)
    assert ended.state is JobState.CANCELLED
    assert (stopped.state, stopped.error is not None) == (DocumentState.FAILED, True)
    with desk.person():
        assert await desk.jobs.cancel(job.id) == ended


async def test_delete_is_seen_between_pages(desk: Desk) -> None:
    document, job = await desk.send()

    async def delete() -> None:
        with desk.person():
            await desk.documents.delete(document.id, "")

    await work_with(desk, job.id, 2, delete)
    assert (await desk.job(job.id)).state is JobState.CANCELLED
    for table in ("document", "run", "page", "page_start", "field"):
        assert await desk.count(table) == 0
    last = (await desk.events("document.changed"))[-1]
    event = events_pb2.DocumentChanged.FromString(last.payload)
    assert (event.document.id, event.document.etag) == (document.id, "")


async def work_with(desk: Desk, job_id: str, number: int, act: object) -> None:
    """Work a job and act while a page is being read."""
    read = desk.reader.read_pages

    async def read_pages(*asked: object) -> object:
        async for reading in read(*asked):  # type: ignore[arg-type]  # passed through
            if reading.info.number == number:
                await act()  # type: ignore[operator]  # a coroutine function
            yield reading

    desk.reader.read_pages = read_pages  # type: ignore[method-assign,assignment]  # for this job
    await desk.work(await desk.job(job_id))
    desk.reader.read_pages = read  # type: ignore[method-assign]  # as it was


async def test_job_given_up_by_the_queue_fails_document_and_job(desk: Desk) -> None:
    desk.reader.extraction = ZeroDivisionError()
    document, job = await desk.send()
    with pytest.raises(ZeroDivisionError):
        await desk.work(job)
    await desk.bury(job, ZeroDivisionError())
    failed = await desk.document(document.id)
    assert failed.error is not None
    assert (failed.state, failed.error.reason) == (DocumentState.FAILED, "INTERNAL")
    assert (await desk.job(job.id)).state is JobState.FAILED


async def test_second_delivery_beside_a_living_worker_stores_nothing_twice(desk: Desk) -> None:
    desk.reader.inspection = pages(4)
    document, job = await desk.send()

    async def work_too() -> None:
        desk.reader.read_pages = type(desk.reader).read_pages.__get__(desk.reader)  # type: ignore[method-assign]
        await desk.work(job)

    await work_with(desk, job.id, 2, work_too)
    read = await desk.document(document.id)
    assert (read.pages_done, read.state) == (4, DocumentState.NEEDS_REVIEW)
    assert await desk.count("page") == 4
    assert len(await desk.events("document.fields_changed")) == 1
