"""Uploads through the real gateway: cut connections, and files that can't be read."""

import hashlib
import os
from pathlib import Path
from typing import Any

import grpc
import pymupdf
import pytest

from dochub.document.v1 import document_service_pb2, upload_service_pb2
from hubkit.testing.failures import reason
from tests.flows.hub import Hub, Member, distinct, member_of

MIB = 1024 * 1024


def a_pdf(pages: int, *, password: str = "") -> bytes:
    document: Any = pymupdf.open()  # type: ignore[no-untyped-call]  # the library has no types
    for number in range(pages):
        document.new_page(width=200, height=200).insert_text((20, 50), f"Page {number + 1}")
    aes_256 = 5
    protection = {"encryption": aes_256, "user_pw": password}
    return bytes(document.tobytes(**(protection if password else {})))


def files_of(hub: Hub) -> set[Path]:
    return {path for path in (hub.data_dir / "blobs").rglob("*") if path.is_file()}


async def listed(member: Member) -> list[str]:
    answer = await member.call(
        member.documents.ListDocuments, document_service_pb2.ListDocumentsRequest()
    )
    return [document.id for document in answer.documents]


async def test_an_upload_goes_on_after_the_connection_is_cut(hub: Hub) -> None:
    """50 MiB in parts of 1 MiB; the second connection sends only what had not arrived."""
    scan = distinct("scanned-invoice.pdf", 2)
    content = scan + b"\n%" + os.urandom(50 * MIB - len(scan) - 2).replace(b"%%EOF", b"%%eof")
    async with member_of(hub, "cut") as member:
        upload = await member.start_upload(content, "large.pdf", part_size=MIB)
        assert upload.part_count == 50
        for index in range(20):
            await member.send_part(upload, content, index)
        async with hub.channel() as channel:
            again = Member(hub, channel)
            again.token = member.token
            request = upload_service_pb2.GetUploadRequest(upload_id=upload.id)
            found = (await again.call(again.uploads.GetUpload, request)).upload
            assert list(found.received_parts) == list(range(20))
            sent = [
                await again.send_part(upload, content, index)
                for index in range(upload.part_count)
                if index not in found.received_parts
            ]
            assert sum(sent) == 30 * MIB
            document = (await again.complete(upload)).document
        assert document.file.sha256 == hashlib.sha256(content).hexdigest()
        await member.finished(document.id)


REFUSED = {
    "WRONG_TYPE": (b"MZ" + bytes(2000), "UNSUPPORTED_TYPE"),
    "TOO_MANY_PAGES": (a_pdf(2001), "TOO_MANY_PAGES"),
    "ENCRYPTED": (a_pdf(1, password="secret"), "ENCRYPTED"),
    "CUT": (a_pdf(3)[:300], "CORRUPT"),
}


@pytest.mark.parametrize("kind", REFUSED)
async def test_a_file_that_cant_be_read_leaves_nothing(hub: Hub, kind: str) -> None:
    content, expected = REFUSED[kind]
    async with member_of(hub, f"refused-{kind.lower().replace('_', '-')}") as member:
        before = files_of(hub)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await member.upload(content, "file.pdf")
        assert reason(refused.value) == expected
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert await listed(member) == []
        assert files_of(hub) == before


async def test_other_bytes_than_announced_leave_nothing(hub: Hub) -> None:
    content = distinct("receipt.jpg", 3)
    async with member_of(hub, "checksum") as member:
        before = files_of(hub)
        upload = await member.start_upload(content, sha256="0" * 64)
        await member.send_part(upload, content, 0)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await member.complete(upload)
        assert reason(refused.value) == "CHECKSUM_MISMATCH"
        assert await listed(member) == []
        assert files_of(hub) == before


async def test_an_empty_file_is_refused_at_once(hub: Hub) -> None:
    async with member_of(hub, "empty") as member:
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await member.start_upload(b"", "nothing.pdf")
        assert reason(refused.value) == "EMPTY"
        assert await listed(member) == []
