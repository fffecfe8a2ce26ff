"""`FieldService` on the wire."""

# ruff: noqa: ARG002, N802 - the contract names the methods and gives each its context

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dochub.document.v1 import field_service_pb2 as pb
from dochub.document.v1.field_service_pb2_grpc import FieldServiceServicer
from document_service.application.fields import ListFields
from document_service.convert.reading import fields_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


@dataclass(frozen=True)
class FieldApi(FieldServiceServicer):
    """Typed fields.

    Attributes:
        list_fields: Gives them.
    """

    list_fields: ListFields

    async def ListFields(
        self,
        request: pb.ListFieldsRequest,
        context: ServicerContext[pb.ListFieldsRequest, pb.ListFieldsResponse],
    ) -> pb.ListFieldsResponse:
        """List fields and line items."""
        return fields_to_proto(await self.list_fields(request.document_id))
