"""OcrService through its port: pages, fields, engines, and what it refuses."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, Protocol

import grpc
import numpy as np
import pymupdf
import pytest
from google.rpc.error_details_pb2 import RetryInfo  # type: ignore[import-untyped]  # ships no types
from google.type.date_pb2 import Date  # type: ignore[import-untyped]  # ships no types
from grpc_health.v1 import health_pb2, health_pb2_grpc
from PIL import Image, ImageDraw, ImageFont

from dochub.ocr.v1 import field_pb2, page_pb2
from dochub.ocr.v1 import ocr_service_pb2 as pb
from dochub.ocr.v1 import ocr_service_pb2_grpc as ocr_grpc
from hubkit.blobs.store import open_blobs
from hubkit.clients import error_of
from hubkit.config import BlobSettings
from hubkit.core.ids import new_id
from hubkit.testing.failures import failure, reason, status
from hubkit.testing.tokens import Mesh, bearer


class Served(Protocol):
    target: str
    mesh: Mesh
    blobs: Path


INVOICE = ("TAX INVOICE", "Invoice No: INV-2026-0042", "Date: 17/03/2026", "Total: 1,284.00")


EINVOICE = Path(__file__).resolve().parents[2] / "data" / "einvoices" / "etda.xml"


def drawn(*lines: str) -> "Image.Image":
    picture = Image.new("RGB", (1000, 300), "white")
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(40)
    for index, line in enumerate(lines):
        draw.text((60, 20 + index * 65), line, fill="black", font=font)
    return picture


def png(*lines: str) -> bytes:
    out = io.BytesIO()
    drawn(*lines).save(out, "PNG")
    return out.getvalue()


def tiff(pages: int) -> bytes:
    out = io.BytesIO()
    first, *others = [drawn(f"page number {index}") for index in range(1, pages + 1)]
    first.save(out, "TIFF", save_all=True, append_images=others, compression="tiff_deflate")
    return out.getvalue()


def with_invoice() -> bytes:
    """A PDF whose page states another total than the invoice inside."""
    library: Any = pymupdf  # ships no types
    document = library.open()
    page = document.new_page()
    for row, text in enumerate(INVOICE):
        page.insert_text((72, 90 + 40 * row), text, fontsize=14)
    document.embfile_add("invoice", EINVOICE.read_bytes(), filename="ETDA-invoice.xml")
    return bytes(document.tobytes())


def encrypted_pdf() -> bytes:
    library: Any = pymupdf  # ships no types
    document = library.open()
    document.new_page()
    return bytes(
        document.tobytes(encryption=library.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw="user")
    )


@pytest.fixture
async def channel(reader: Served) -> AsyncIterator[grpc.aio.Channel]:
    options = (("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1))
    async with grpc.aio.insecure_channel(reader.target, options=options) as opened:
        yield opened


@pytest.fixture
def stub(channel: grpc.aio.Channel) -> "ocr_grpc.OcrServiceAsyncStub":
    return ocr_grpc.OcrServiceStub(channel)


def as_person(reader: Served) -> Any:
    return bearer(reader.mesh.person_token())


def as_service(reader: Served, tenant_id: str | None) -> Any:
    return bearer(reader.mesh.service_token("document", audience="ocr", tenant_id=tenant_id))


def text_of(page: page_pb2.PageResult) -> str:
    return "\n".join(line.text for line in page.lines)


async def parts(call: Any) -> list[pb.ReadPagesResponse]:
    return [part async for part in call]


async def test_it_is_healthy_once_it_serves(reader: Served, channel: grpc.aio.Channel) -> None:
    for service in ("", "dochub.ocr.v1.OcrService"):
        answer = await health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service=service)
        )
        assert answer.status == health_pb2.HealthCheckResponse.SERVING


async def test_an_image_is_read_and_its_fields_found(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    source = pb.Source(content=png(*INVOICE))
    read = await parts(
        stub.ReadPages(pb.ReadPagesRequest(source=source), metadata=as_person(reader))
    )
    page = read[0].page
    assert page.page_number == 1
    assert (page.size_px.width, page.size_px.height) == (1000, 300)
    assert page.text_source == page_pb2.TEXT_SOURCE_OCR
    assert "INV-2026-0042" in text_of(page)
    for line in page.lines:
        assert len(line.polygon.vertices) == 4
        assert all(0 <= v.x <= 1 and 0 <= v.y <= 1 for v in line.polygon.vertices)
        assert line.words
    picture = Image.open(io.BytesIO(b"".join(part.image_chunk.data for part in read[1:])))
    assert picture.format == "WEBP"
    assert picture.size == (page.image_size_px.width, page.image_size_px.height)
    assert len(page.transform) == 9

    request = pb.ExtractFieldsRequest(pages=[page], today=Date(year=2026, month=6, day=1))
    answer = await stub.ExtractFields(request, metadata=as_person(reader))
    fields = {field.key: field for field in answer.extraction.fields}
    assert answer.extraction.document_type == "tax_invoice"
    assert fields["number"].value.text == "INV-2026-0042"
    assert fields["issue_date"].value.canonical == "2026-03-17"
    assert fields["total"].value.number.value == "1284.00"
    (region,) = fields["number"].regions
    assert region.page_number == 1
    assert all(0 <= v.x <= 1 and 0.2 <= v.y <= 0.6 for v in region.polygon.vertices)


async def test_pages_come_in_order_each_before_its_picture(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    request = pb.ReadPagesRequest(
        source=pb.Source(content=tiff(5)), pages=pb.PageRange(first=2, last=4)
    )
    read = await parts(stub.ReadPages(request, metadata=as_person(reader)))
    seen = [(part.WhichOneof("part"), part.page.page_number or part.image_chunk.page_number)
            for part in read]  # fmt: skip
    assert seen == [(kind, page) for page in (2, 3, 4) for kind in ("page", "image_chunk")]
    assert all(part.image_chunk.last for part in read if part.HasField("image_chunk"))
    texts = [text_of(part.page) for part in read if part.HasField("page")]
    assert texts == ["page number 2", "page number 3", "page number 4"]


async def test_a_large_picture_comes_in_pieces(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    noise = np.random.default_rng(7).integers(0, 255, (1900, 2200, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "JPEG", quality=75)
    source = pb.Source(content=out.getvalue())
    read = await parts(
        stub.ReadPages(pb.ReadPagesRequest(source=source), metadata=as_person(reader))
    )
    chunks = [part.image_chunk for part in read[1:]]
    assert len(chunks) > 1
    assert all(len(chunk.data) <= 1 << 20 for chunk in chunks)
    assert [chunk.last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert Image.open(io.BytesIO(b"".join(chunk.data for chunk in chunks))).size == (2200, 1900)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "EMPTY"),
        (b"just some text, no picture", "UNSUPPORTED_TYPE"),
        (b"%PDF-1.7\nrubbish", "CORRUPT"),
        (encrypted_pdf(), "ENCRYPTED"),
        (b"%PDF-1.7\n" + b"0" * (7 * 1024 * 1024), "TOO_LARGE"),
    ],
)
async def test_what_cannot_be_read_says_why(
    content: bytes, expected: str, reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    token, source = as_person(reader), pb.Source(content=content)
    calls: dict[str, Callable[[], Awaitable[Any]]] = {
        "inspect": lambda: stub.InspectDocument(
            pb.InspectDocumentRequest(source=source), metadata=token
        ),
        "pages": lambda: parts(stub.ReadPages(pb.ReadPagesRequest(source=source), metadata=token)),
        "image": lambda: stub.ReadImage(pb.ReadImageRequest(content=content), metadata=token),
    }
    for name, call in calls.items():
        error = await failure(call())
        assert error.code() is grpc.StatusCode.INVALID_ARGUMENT, name
        assert reason(error) == expected, name


async def test_an_image_is_inspected_and_read_at_once(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    token = as_person(reader)
    facts = await stub.InspectDocument(
        pb.InspectDocumentRequest(source=pb.Source(content=tiff(3))), metadata=token
    )
    assert (facts.media_type, facts.page_count) == ("image/tiff", 3)
    answer = await stub.ReadImage(pb.ReadImageRequest(content=png("hello world")), metadata=token)
    assert text_of(answer.page) == "hello world"
    assert not answer.page.HasField("image_size_px")


@pytest.mark.parametrize(
    ("request_parts", "field"),
    [
        ({}, "source"),
        ({"pages": pb.PageRange(first=0, last=1)}, "pages.first"),
        ({"pages": pb.PageRange(first=3, last=2)}, "pages.last"),
        ({"pages": pb.PageRange(first=1, last=4)}, "pages"),
        ({"pages": pb.PageRange(first=4)}, "pages"),
        ({"options": pb.OcrOptions(languages=["english please"])}, "options.languages"),
    ],
)
async def test_requests_that_make_no_sense_name_the_field(
    request_parts: dict[str, Any],
    field: str,
    reader: Served,
    stub: "ocr_grpc.OcrServiceAsyncStub",
) -> None:
    source = pb.Source(content=tiff(3)) if request_parts else None
    request = pb.ReadPagesRequest(source=source, **request_parts)
    error = await failure(parts(stub.ReadPages(request, metadata=as_person(reader))))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(error).field == field


def page(number: int = 1, **changes: Any) -> page_pb2.PageResult:
    return page_pb2.PageResult(**({"page_number": number} | changes))


async def test_an_invoice_inside_the_file_outranks_its_pages(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    source = pb.Source(content=with_invoice())
    read = await parts(
        stub.ReadPages(pb.ReadPagesRequest(source=source), metadata=as_person(reader))
    )
    request = pb.ExtractFieldsRequest(
        pages=[read[0].page], today=Date(year=2026, month=6, day=1), source=source
    )
    answer = await stub.ExtractFields(request, metadata=as_person(reader))
    fields = {field.key: field for field in answer.extraction.fields}
    total = fields["total"]
    assert (total.value.canonical, total.extractor) == ("214.00", "etda-e-tax")
    assert total.source == field_pb2.FIELD_SOURCE_XML
    assert [(a.value.canonical, a.reason) for a in total.alternatives] == [("1284.00", "PAGE")]
    assert fields["number"].regions
    (finding,) = [f for f in answer.extraction.findings if f.id == "einvoice.differs"]
    assert finding.fields == ["total"]
    assert finding.severity == field_pb2.SEVERITY_WARNING


@pytest.mark.parametrize(
    ("pages", "field"),
    [
        ([], "pages"),
        ([page(number) for number in range(1, 62)], "pages"),
        ([page(1), page(1)], "pages"),
        ([page(0)], "pages[0].page_number"),
        ([page(1), page(2, lines=[page_pb2.Line(text="x")])], "pages[1].size_px"),
        ([page(1, size_px={"width": 9, "height": 9}, lines=[page_pb2.Line(text="x")])],
         "pages[0].lines"),
    ],
)  # fmt: skip
async def test_pages_that_make_no_sense_name_the_field(
    pages: list[page_pb2.PageResult],
    field: str,
    reader: Served,
    stub: "ocr_grpc.OcrServiceAsyncStub",
) -> None:
    today = date(2026, 6, 1)
    day = Date(year=today.year, month=today.month, day=today.day)
    request = pb.ExtractFieldsRequest(pages=pages, today=day)
    error = await failure(stub.ExtractFields(request, metadata=as_person(reader)))
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_of(error).field == field


async def test_stored_files_are_for_services_of_their_tenant(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    tenant, content = new_id(), png("stored page")
    sha256 = hashlib.sha256(content).hexdigest()

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    store = open_blobs(BlobSettings(root=reader.blobs))
    await store.put(tenant, chunks(), sha256=sha256)
    request = pb.ReadPagesRequest(source=pb.Source(blob=pb.BlobRef(sha256=sha256)))
    for _ in range(2):
        read = await parts(stub.ReadPages(request, metadata=as_service(reader, tenant)))
        assert text_of(read[0].page) == "stored page"
    refused = {
        grpc.StatusCode.PERMISSION_DENIED: [as_person(reader), as_service(reader, None)],
        grpc.StatusCode.NOT_FOUND: [as_service(reader, new_id())],
    }
    for code, tokens in refused.items():
        for token in tokens:
            assert (await failure(parts(stub.ReadPages(request, metadata=token)))).code() is code
    bad = pb.InspectDocumentRequest(source=pb.Source(blob=pb.BlobRef(sha256="../" + sha256)))
    error = await failure(stub.InspectDocument(bad, metadata=as_service(reader, tenant)))
    assert error_of(error).field == "source.blob.sha256"


async def test_wrong_bytes_in_the_store_are_never_read(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    tenant, content = new_id(), png("true page")
    sha256 = hashlib.sha256(content).hexdigest()

    async def chunks() -> AsyncIterator[bytes]:
        yield content

    await open_blobs(BlobSettings(root=reader.blobs)).put(tenant, chunks(), sha256=sha256)
    (stored,) = reader.blobs.rglob(sha256)
    stored.chmod(0o600)
    stored.write_bytes(png("false page"))
    request = pb.ReadPagesRequest(source=pb.Source(blob=pb.BlobRef(sha256=sha256)))
    error = await failure(parts(stub.ReadPages(request, metadata=as_service(reader, tenant))))
    assert error.code() is grpc.StatusCode.INTERNAL
    assert reason(error) == "CHECKSUM_MISMATCH"


async def test_too_many_reads_are_told_when_to_come_back(
    reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub"
) -> None:
    token = as_person(reader)
    many = pb.ReadPagesRequest(source=pb.Source(content=tiff(40)))
    at_work: list[Any] = [stub.ReadPages(many, metadata=token) for _ in range(2)]
    for call in at_work:
        assert (await call.read()).page.page_number == 1
    error = await failure(parts(stub.ReadPages(many, metadata=token)))
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert reason(error) == "BUSY"
    assert any(detail.Is(RetryInfo.DESCRIPTOR) for detail in status(error).details)
    for call in at_work:
        call.cancel()
    # What was given up makes room: a small page is soon read again.
    async with asyncio.timeout(30):
        while True:
            try:
                await stub.ReadImage(pb.ReadImageRequest(content=png("again")), metadata=token)
            except grpc.aio.AioRpcError as again:
                assert again.code() is grpc.StatusCode.RESOURCE_EXHAUSTED  # noqa: PT017  # any other is a failure
            else:
                return


async def test_the_models_are_listed(reader: Served, stub: "ocr_grpc.OcrServiceAsyncStub") -> None:
    answer = await stub.ListEngines(pb.ListEnginesRequest(), metadata=as_person(reader))
    assert {engine.task for engine in answer.engines} == {"detection", "recognition"}
    assert all(len(engine.sha256) == 64 and engine.size_bytes for engine in answer.engines)
    viewer = bearer(reader.mesh.person_token("VIEWER"))
    error = await failure(stub.ListEngines(pb.ListEnginesRequest(), metadata=viewer))
    assert error.code() is grpc.StatusCode.PERMISSION_DENIED
