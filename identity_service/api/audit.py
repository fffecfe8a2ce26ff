# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""AuditService: one short method an RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dochub.identity.v1 import audit_service_pb2 as pb
from dochub.identity.v1.audit_service_pb2_grpc import AuditServiceServicer
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from hubkit.core.paging import page_size
from identity_service.api.arrivals import Arrivals
from identity_service.application.audit import AuditTrail
from identity_service.convert.audit import event_to_proto, query_from_proto

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from grpc.aio import ServicerContext


class AuditApi(AuditServiceServicer):
    """The tenant's audit trail."""

    def __init__(self, trail: AuditTrail, arrivals: Arrivals) -> None:
        self._trail = trail
        self._arrivals = arrivals

    async def ListAuditEvents(
        self,
        request: pb.ListAuditEventsRequest,
        context: ServicerContext[pb.ListAuditEventsRequest, pb.ListAuditEventsResponse],
    ) -> pb.ListAuditEventsResponse:
        """List events, the newest first."""
        query = query_from_proto(request.filter)
        events, token = await self._trail.page(
            current_caller(), query, page_size(request.page_size), request.page_token
        )
        return pb.ListAuditEventsResponse(
            events=(event_to_proto(event) for event in events), next_page_token=token
        )

    async def ExportAuditEvents(
        self,
        request: pb.ExportAuditEventsRequest,
        context: ServicerContext[pb.ExportAuditEventsRequest, pb.ExportAuditEventsResponse],
    ) -> AsyncIterator[pb.ExportAuditEventsResponse]:
        """Stream every event with what is needed to check the chain elsewhere."""
        async for lines in self._trail.export(current_caller(), request.after_seq):
            yield pb.ExportAuditEventsResponse(json_lines=lines)

    async def VerifyAuditChain(
        self,
        request: pb.VerifyAuditChainRequest,
        context: ServicerContext[pb.VerifyAuditChainRequest, pb.VerifyAuditChainResponse],
    ) -> pb.VerifyAuditChainResponse:
        """Check the whole chain."""
        count, fault, head = await self._trail.verify(current_caller(), tuple(request.signed_heads))
        return pb.VerifyAuditChainResponse(
            intact=fault is None,
            event_count=count,
            fault_seq=fault.seq if fault else 0,
            fault=fault.what if fault else "",
            signed_head=head,
        )

    async def ErasePersonalValues(
        self,
        request: pb.ErasePersonalValuesRequest,
        context: ServicerContext[pb.ErasePersonalValuesRequest, pb.ErasePersonalValuesResponse],
    ) -> pb.ErasePersonalValuesResponse:
        """Take a person's own values out of the trail."""
        person_id = check_id(request.person_id, "person_id")
        actor = self._arrivals.actor(context)
        count = await self._trail.erase(current_caller(), actor, person_id)
        return pb.ErasePersonalValuesResponse(erased_count=count)
