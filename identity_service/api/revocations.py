# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""RevocationService: which tokens no longer count."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from dochub.identity.v1 import revocation_service_pb2 as pb
from dochub.identity.v1.revocation_service_pb2_grpc import RevocationServiceServicer
from hubkit.server.revocations import Source

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


class RevocationApi(RevocationServiceServicer):
    """Answers the services of the mesh."""

    def __init__(self, read: Source) -> None:
        self._read = read

    async def ListRevocations(
        self,
        request: pb.ListRevocationsRequest,
        context: ServicerContext[pb.ListRevocationsRequest, pb.ListRevocationsResponse],
    ) -> pb.ListRevocationsResponse:
        """List what was revoked lately."""
        told = await self._read(
            request.since.ToDatetime(UTC) if request.HasField("since") else None
        )
        answer = pb.ListRevocationsResponse(
            revocations=(
                pb.Revocation(
                    session_id=one.session_id or "",
                    tenant_id=one.tenant_id or "",
                    person_id=one.person_id or "",
                    epoch=one.epoch,
                )
                for one in told.revocations
            )
        )
        answer.as_of.FromDatetime(told.as_of)
        return answer
