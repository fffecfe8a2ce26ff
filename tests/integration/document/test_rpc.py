import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import google_crc32c
import grpc
import pytest
from google.protobuf.message import Message

from dochub.document.v1 import (
    document_job_service_pb2,
    document_pb2,
    document_service_pb2,
    field_service_pb2,
    page_service_pb2,
    processing_service_pb2,
    upload_service_pb2,
)
from document_service.bootstrap import NAME, servicers
from hubkit.core.errors import HubError
from hubkit.core.ids import new_id
from hubkit.server.app import App
from hubkit.testing.server import in_process_server
from hubkit.testing.tokens import make_mesh
from tests.integration.document.desk import PART, Desk
from tests.integration.document.line import METHODS, Line


@dataclass
class Theirs:
    """What a tenant has: ids, tokens and cursors."""

    document: str
    job: str
    upload: str
    request: str
    page_token: str
    cursor: str


@pytest.fixture
async def line(desk: Desk, tmp_path: Path) -> AsyncIterator[Line]:
    mesh = make_mesh(tmp_path / "mesh")
    app = App(NAME, servicers(desk.outside), (desk.feed.run,))
    async with (
        in_process_server(app, mesh) as target,
        grpc.aio.insecure_channel(target) as channel,
    ):
        yield Line(channel, mesh, desk.tenant_id, desk.person_id)


async def filled(desk: Desk, line: Line) -> Theirs:
    """Give a tenant one of everything."""
    document, job = await desk.send()
    await desk.work(job)
    await desk.send()
    request = new_id()
    start = upload_service_pb2.StartUploadRequest(
        request_id=request, filename="a.pdf", size_bytes=1, sha256="ab" * 32
    )
    [started] = await line.call("UploadService.StartUpload", start)
    listing = document_service_pb2.ListDocumentsRequest(page_size=1)
    [listed] = await line.call("DocumentService.ListDocuments", listing)
    watch = document_service_pb2.WatchDocumentsRequest()
    [watched] = await line.call("DocumentService.WatchDocuments", watch)
    return Theirs(
        document.id, job.id, started.upload.id, request, listed.next_page_token, watched.cursor
    )


# Every method of dochub.document.v1 with each thing of another tenant that it can be given.
EDIT = field_service_pb2.FieldEdit(key="number", text="X-1")
Case = Callable[[Theirs], Message]
FOREIGN: dict[str, dict[str, Case]] = {
    "DocumentService.GetDocument": {
        "NOT_FOUND": lambda t: document_service_pb2.GetDocumentRequest(id=t.document)
    },
    "DocumentService.ListDocuments": {
        "BAD_PAGE_TOKEN": lambda t: document_service_pb2.ListDocumentsRequest(
            page_size=1, page_token=t.page_token
        )
    },
    "DocumentService.DeleteDocument": {
        "NOT_FOUND": lambda t: document_service_pb2.DeleteDocumentRequest(id=t.document)
    },
    "DocumentService.WatchDocuments": {
        "NOT_FOUND": lambda t: document_service_pb2.WatchDocumentsRequest(document_id=t.document),
        "BAD_PAGE_TOKEN": lambda t: document_service_pb2.WatchDocumentsRequest(cursor=t.cursor),
    },
    "DocumentJobService.GetJob": {
        "NOT_FOUND": lambda t: document_job_service_pb2.GetJobRequest(id=t.job)
    },
    "DocumentJobService.ListJobs": {
        "NOT_FOUND": lambda t: document_job_service_pb2.ListJobsRequest(document_id=t.document),
        "BAD_PAGE_TOKEN": lambda t: document_job_service_pb2.ListJobsRequest(
            page_token=t.page_token
        ),
    },
    "DocumentJobService.CancelJob": {
        "NOT_FOUND": lambda t: document_job_service_pb2.CancelJobRequest(id=t.job)
    },
    "DocumentJobService.WatchJob": {
        "NOT_FOUND": lambda t: document_job_service_pb2.WatchJobRequest(id=t.job)
    },
    "FieldService.ListFields": {
        "NOT_FOUND": lambda t: field_service_pb2.ListFieldsRequest(document_id=t.document)
    },
    "FieldService.UpdateField": {
        "NOT_FOUND": lambda t: field_service_pb2.UpdateFieldRequest(
            document_id=t.document, edit=EDIT
        )
    },
    "FieldService.BatchUpdateFields": {
        "NOT_FOUND": lambda t: field_service_pb2.BatchUpdateFieldsRequest(
            document_id=t.document, edits=[EDIT]
        )
    },
    "PageService.ListPages": {
        "NOT_FOUND": lambda t: page_service_pb2.ListPagesRequest(document_id=t.document),
        "BAD_PAGE_TOKEN": lambda t: page_service_pb2.ListPagesRequest(
            document_id=t.document, page_token=t.page_token
        ),
    },
    "PageService.GetPageImage": {
        "NOT_FOUND": lambda t: page_service_pb2.GetPageImageRequest(
            document_id=t.document, page_number=1
        )
    },
    "PageService.GetPageLayout": {
        "NOT_FOUND": lambda t: page_service_pb2.GetPageLayoutRequest(
            document_id=t.document, page_number=1
        )
    },
    "PageService.DownloadDocument": {
        "NOT_FOUND": lambda t: page_service_pb2.DownloadDocumentRequest(document_id=t.document)
    },
    "ProcessingService.ProcessDocument": {
        "NOT_FOUND": lambda t: processing_service_pb2.ProcessDocumentRequest(
            request_id=new_id(), document_id=t.document
        )
    },
    # A request id is the tenant's own: theirs is as good as new here, see the test below.
    "UploadService.StartUpload": {},
    "UploadService.UploadPart": {
        "NOT_FOUND": lambda t: upload_service_pb2.UploadPartRequest(
            upload_id=t.upload, data=b"x", crc32c=google_crc32c.value(b"x")
        )
    },
    "UploadService.GetUpload": {
        "NOT_FOUND": lambda t: upload_service_pb2.GetUploadRequest(upload_id=t.upload)
    },
    "UploadService.CompleteUpload": {
        "NOT_FOUND": lambda t: upload_service_pb2.CompleteUploadRequest(upload_id=t.upload)
    },
    "UploadService.AbortUpload": {
        "NOT_FOUND": lambda t: upload_service_pb2.AbortUploadRequest(upload_id=t.upload)
    },
}


def test_every_method_has_a_case() -> None:
    assert set(FOREIGN) == set(METHODS)


async def test_what_belongs_to_another_tenant_does_not_exist(desk: Desk, line: Line) -> None:
    theirs = await filled(desk, line)
    nowhere = replace(theirs, document=new_id(), job=new_id(), upload=new_id(), request=new_id())
    before = await desk.document(theirs.document)
    stranger = new_id()
    for name, cases in FOREIGN.items():
        for reason, request in cases.items():
            answers = []
            for whose in (theirs, nowhere):
                with pytest.raises(HubError) as refused:
                    await line.call(name, request(whose), tenant_id=stranger)
                answers.append((refused.value.reason, str(refused.value), refused.value.facts))
            assert answers[0] == answers[1]
            assert answers[0][0] == reason, name
    assert await desk.document(theirs.document) == before
    [listed] = await line.call(
        "DocumentService.ListDocuments",
        document_service_pb2.ListDocumentsRequest(),
        tenant_id=stranger,
    )
    assert len(listed.documents) == 0


async def test_request_id_is_each_tenants_own(desk: Desk, line: Line) -> None:
    theirs = await filled(desk, line)
    request = upload_service_pb2.StartUploadRequest(
        request_id=theirs.request, filename="b.pdf", size_bytes=2, sha256="cd" * 32
    )
    [answer] = await line.call("UploadService.StartUpload", request, tenant_id=new_id())
    assert answer.upload.id != theirs.upload
    assert answer.upload.filename == "b.pdf"


async def test_document_goes_over_the_wire_from_upload_to_fields(desk: Desk, line: Line) -> None:
    content = b"%PDF-" + bytes(PART)
    start = upload_service_pb2.StartUploadRequest(
        request_id=new_id(),
        filename="../ใบกำกับ.pdf",
        size_bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        part_size_bytes=PART,
    )
    [started] = await line.call("UploadService.StartUpload", start)
    assert (started.upload.filename, started.upload.part_count) == ("ใบกำกับ.pdf", 2)
    for index in (1, 0):
        data = content[index * PART : (index + 1) * PART]
        part = upload_service_pb2.UploadPartRequest(
            upload_id=started.upload.id, index=index, data=data, crc32c=google_crc32c.value(data)
        )
        await line.call("UploadService.UploadPart", part)
    complete = upload_service_pb2.CompleteUploadRequest(upload_id=started.upload.id)
    [made] = await line.call("UploadService.CompleteUpload", complete)
    await desk.work(await desk.job(made.job.id))

    get = document_service_pb2.GetDocumentRequest(id=made.document.id)
    [got] = await line.call("DocumentService.GetDocument", get)
    assert got.document.state == document_pb2.DOCUMENT_STATE_NEEDS_REVIEW
    assert got.document.creator_id == desk.person_id
    of = {"document_id": made.document.id}
    [fields] = await line.call("FieldService.ListFields", field_service_pb2.ListFieldsRequest(**of))
    assert [field.key for field in fields.fields] == ["number", "issue_date", "total"]
    assert fields.fields[2].value.number.value == "1070.00"
    assert [item.position for item in fields.line_items] == [1, 2]
    [layout] = await line.call(
        "PageService.GetPageLayout", page_service_pb2.GetPageLayoutRequest(**of, page_number=2)
    )
    assert layout.page.lines[0].text == "page 2"
    assert len(layout.page.transform) == 9
    image = await line.call(
        "PageService.GetPageImage", page_service_pb2.GetPageImageRequest(**of, page_number=2)
    )
    assert image[0].media_type == "image/webp"
    file = await line.call(
        "PageService.DownloadDocument", page_service_pb2.DownloadDocumentRequest(**of)
    )
    assert file[0].file == got.document.file
    assert b"".join(message.data for message in file) == content


async def test_fields_are_corrected_over_the_wire(desk: Desk, line: Line) -> None:
    document, job = await desk.send()
    await desk.work(job)
    of = {"document_id": document.id}
    [listed] = await line.call("FieldService.ListFields", field_service_pb2.ListFieldsRequest(**of))
    number = next(field for field in listed.fields if field.key == "number")
    edit = field_service_pb2.FieldEdit(key="number", text=" INV-9 ", etag=number.etag)
    request = field_service_pb2.UpdateFieldRequest(**of, edit=edit)
    [updated] = await line.call("FieldService.UpdateField", request)
    assert (updated.field.value.text, updated.field.confidence) == ("INV-9", 1.0)
    assert updated.field.etag != number.etag
    stale = field_service_pb2.FieldEdit(key="number", text="INV-8", etag=number.etag)
    with pytest.raises(HubError) as refused:
        await line.call(
            "FieldService.UpdateField",
            field_service_pb2.UpdateFieldRequest(**of, edit=stale),
        )
    assert refused.value.reason == "ETAG_MISMATCH"
    batch = field_service_pb2.BatchUpdateFieldsRequest(
        **of,
        edits=[
            field_service_pb2.FieldEdit(key="total", clear=True),
            field_service_pb2.FieldEdit(key="due_date", text="2020-01-01"),
            field_service_pb2.FieldEdit(key="unit", position=2, text="box"),
        ],
    )
    [all_of_them] = await line.call("FieldService.BatchUpdateFields", batch)
    assert [field.key for field in all_of_them.fields] == ["number", "issue_date", "due_date"]
    assert [cell.key for cell in all_of_them.line_items[1].cells] == ["description", "unit"]
    assert "date.order" in {finding.id for finding in all_of_them.findings}
    [now] = await line.call("FieldService.ListFields", field_service_pb2.ListFieldsRequest(**of))
    assert now.fields == all_of_them.fields
    assert now.findings == all_of_them.findings
