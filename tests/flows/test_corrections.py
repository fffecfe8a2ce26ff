"""A correction through the real gateway, and a later reading that does not undo it."""

import grpc
import pytest

from dochub.document.v1 import (
    field_service_pb2,
    processing_service_pb2,
    processing_service_pb2_grpc,
)
from hubkit.core.ids import new_id
from hubkit.testing.failures import reason
from tests.flows.hub import Hub, distinct, member_of


async def test_a_correction_outlives_the_next_reading(hub: Hub) -> None:
    async with member_of(hub, "corrections") as member:
        document = await member.upload(distinct("receipt.jpg", 9), "receipt.jpg")
        await member.finished(document.id)
        edit = field_service_pb2.FieldEdit(key="po_number", text="PO-2026-7")
        request = field_service_pb2.UpdateFieldRequest(document_id=document.id, edit=edit)
        updated = await member.call(member.fields.UpdateField, request)
        assert updated.field.value.canonical == "PO-2026-7"

        edit = field_service_pb2.FieldEdit(key="po_number", text="PO-1", etag="1.old")
        request = field_service_pb2.UpdateFieldRequest(document_id=document.id, edit=edit)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await member.once(member.fields.UpdateField, request)
        assert refused.value.code() is grpc.StatusCode.ABORTED
        assert reason(refused.value) == "ETAG_MISMATCH"

        async with hub.channel() as channel:
            processing = processing_service_pb2_grpc.ProcessingServiceStub(channel)
            again = processing_service_pb2.ProcessDocumentRequest(
                request_id=new_id(), document_id=document.id
            )
            await member.call(processing.ProcessDocument, again)
        await member.finished(document.id)
        assert (await member.read_fields(document.id))["po_number"] == "PO-2026-7"
