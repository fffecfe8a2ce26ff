"""`FieldService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import field_service_pb2 as pb
from dochub.document.v1.field_service_pb2_grpc import FieldServiceServicer
from document_service.application.fields import EditFields, ListFields
from document_service.convert.reading import (
    edit_from_proto,
    field_to_proto,
    fields_to_proto,
    finding_to_proto,
)

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class FieldApi(FieldServiceServicer):
    """Typed fields.

    Attributes:
        list_fields: Gives them.
        edit_fields: Changes them by hand.
    """

    list_fields: ListFields
    edit_fields: EditFields

    async def ListFields(
        self,
        request: pb.ListFieldsRequest,
        context: ServicerContext[pb.ListFieldsRequest, pb.ListFieldsResponse],
    ) -> pb.ListFieldsResponse:
        """List fields and line items."""
        found = await self.list_fields(request.document_id)
        return fields_to_proto(found.fields, found.findings)

    async def UpdateField(
        self,
        request: pb.UpdateFieldRequest,
        context: ServicerContext[pb.UpdateFieldRequest, pb.UpdateFieldResponse],
    ) -> pb.UpdateFieldResponse:
        """Change one field."""
        edit = edit_from_proto(request.edit)
        now = await self.edit_fields(request.document_id, (edit,))
        standing = [one for one in now.fields if (one.position, one.value.key) == edit.place]
        return pb.UpdateFieldResponse(
            field=field_to_proto(standing[0]) if standing else None,
            findings=[finding_to_proto(finding) for finding in now.findings],
        )

    async def BatchUpdateFields(
        self,
        request: pb.BatchUpdateFieldsRequest,
        context: ServicerContext[pb.BatchUpdateFieldsRequest, pb.BatchUpdateFieldsResponse],
    ) -> pb.BatchUpdateFieldsResponse:
        """Change several fields."""
        edits = [edit_from_proto(edit) for edit in request.edits]
        now = await self.edit_fields(request.document_id, edits)
        shown = fields_to_proto(now.fields, now.findings)
        return pb.BatchUpdateFieldsResponse(
            fields=shown.fields, line_items=shown.line_items, findings=shown.findings
        )
