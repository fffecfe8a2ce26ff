import signal
import time

import pytest

from dochub.document.v1 import document_service_pb2
from dochub.type.v1 import job_pb2
from hubkit.core.errors import HubError
from hubkit.core.ids import new_id
from tests.integration.document.house import SAMPLE, House, ended, line_to, result, upload


async def test_killed_at_every_point_the_result_is_that_of_an_undisturbed_run(
    house: House,
) -> None:
    tenant_id, content = new_id(), SAMPLE.read_bytes()
    async with line_to(house.start_document(), house.mesh, tenant_id) as line:
        document, job = await upload(line, content)
        done = await ended(line, job.id)
        assert (done.state, done.starts) == (job_pb2.JOB_STATE_SUCCEEDED, 1)
        undisturbed = await result(line, document.id)
    assert len(undisturbed) > 4 + 3
    house.kill("document")

    for fault in (
        "document.after_claim",
        "document.before_page_commit=2",
        "document.after_page=3",
        "document.before_result_commit",
    ):
        target = house.start_document(DOCHUB_FAULT=fault)
        async with line_to(target, house.mesh, tenant_id) as line:
            document, job = await upload(line, content)
        assert house.running["document"].wait(60) == -signal.SIGKILL
        began = time.monotonic()
        async with line_to(house.start_document(), house.mesh, tenant_id) as line:
            done = await ended(line, job.id)
            assert time.monotonic() - began < 60
            assert done.state == job_pb2.JOB_STATE_SUCCEEDED
            assert done.starts == (1 if fault == "document.after_claim" else 2)
            assert await result(line, document.id) == undisturbed
        house.kill("document")


async def test_reader_killed_in_the_middle_costs_the_pages_in_hand(house: House) -> None:
    tenant_id = new_id()
    async with line_to(house.start_document(), house.mesh, tenant_id) as line:
        document, job = await upload(line, SAMPLE.read_bytes())
        watch = document_service_pb2.WatchDocumentsRequest(document_id=document.id)
        await line.wait(
            "DocumentService.WatchDocuments", watch, lambda told: told.document.pages_done == 1
        )
        listen = house.reader_target
        house.kill("ocr")
        house.start_reader(DOCHUB_SERVER__LISTEN=listen)
        done = await ended(line, job.id)
        get = document_service_pb2.GetDocumentRequest(id=document.id)
        [got] = await line.call("DocumentService.GetDocument", get)
    assert done.state == job_pb2.JOB_STATE_SUCCEEDED
    assert got.document.pages_done == 4
    assert "PAGE_GIVEN_UP" not in got.document.warnings
    house.kill("document")


async def test_file_of_no_kind_is_refused_and_gone(house: House) -> None:
    tenant_id = new_id()
    async with line_to(house.start_document(), house.mesh, tenant_id) as line:
        with pytest.raises(HubError) as refused:
            await upload(line, b"no document at all" * 100)
        assert refused.value.reason == "UNSUPPORTED_TYPE"
    kept = [path for path in (house.folder / "blobs" / tenant_id).rglob("*") if path.is_file()]
    assert kept == []
    house.kill("document")
