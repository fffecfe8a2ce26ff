# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""TenantService: one short method an RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dochub.identity.v1 import tenant_service_pb2 as pb
from dochub.identity.v1.tenant_service_pb2_grpc import TenantServiceServicer
from hubkit.core.caller import current_caller
from identity_service.api.arrivals import Arrivals
from identity_service.application.tenants import Tenants
from identity_service.convert.tenancy import settings_to_proto, tenant_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


class TenantApi(TenantServiceServicer):
    """The tenant of the call."""

    def __init__(self, tenants: Tenants, arrivals: Arrivals) -> None:
        self._tenants = tenants
        self._arrivals = arrivals

    async def GetTenant(
        self,
        request: pb.GetTenantRequest,
        context: ServicerContext[pb.GetTenantRequest, pb.GetTenantResponse],
    ) -> pb.GetTenantResponse:
        """Get the tenant and its settings."""
        row = await self._tenants.get(current_caller())
        return pb.GetTenantResponse(tenant=tenant_to_proto(row), settings=settings_to_proto(row))

    async def UpdateTenant(
        self,
        request: pb.UpdateTenantRequest,
        context: ServicerContext[pb.UpdateTenantRequest, pb.UpdateTenantResponse],
    ) -> pb.UpdateTenantResponse:
        """Change the settings."""
        wanted = request.settings
        row = await self._tenants.update(
            current_caller(),
            self._arrivals.actor(context),
            display_name=wanted.display_name,
            locale=wanted.locale,
            time_zone=wanted.time_zone,
            etag=wanted.etag,
        )
        return pb.UpdateTenantResponse(settings=settings_to_proto(row))
