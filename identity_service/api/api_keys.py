# ruff: noqa: N802, ARG002  # the contract names methods and arguments
"""ApiKeyService: one short method an RPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dochub.identity.v1 import api_key_service_pb2 as pb
from dochub.identity.v1.api_key_service_pb2_grpc import ApiKeyServiceServicer
from hubkit.core.caller import current_caller
from hubkit.core.ids import check_id
from hubkit.core.paging import page_size
from identity_service.api.arrivals import Arrivals
from identity_service.application.api_keys import ApiKeys
from identity_service.convert.tenancy import key_to_proto

if TYPE_CHECKING:
    from grpc.aio import ServicerContext


class ApiKeyApi(ApiKeyServiceServicer):
    """Keys by which programs call."""

    def __init__(self, keys: ApiKeys, arrivals: Arrivals) -> None:
        self._keys = keys
        self._arrivals = arrivals

    async def CreateApiKey(
        self,
        request: pb.CreateApiKeyRequest,
        context: ServicerContext[pb.CreateApiKeyRequest, pb.CreateApiKeyResponse],
    ) -> pb.CreateApiKeyResponse:
        """Make a key; its secret is shown this once."""
        key, secret = await self._keys.create(
            current_caller(),
            self._arrivals.actor(context),
            request.display_name,
            request.scopes,
            request.lifetime_days,
        )
        return pb.CreateApiKeyResponse(api_key=key_to_proto(key), secret=secret)

    async def ListApiKeys(
        self,
        request: pb.ListApiKeysRequest,
        context: ServicerContext[pb.ListApiKeysRequest, pb.ListApiKeysResponse],
    ) -> pb.ListApiKeysResponse:
        """List keys, the newest first."""
        found, token = await self._keys.page(
            current_caller(), page_size(request.page_size), request.page_token
        )
        return pb.ListApiKeysResponse(
            api_keys=(key_to_proto(key) for key in found), next_page_token=token
        )

    async def RevokeApiKey(
        self,
        request: pb.RevokeApiKeyRequest,
        context: ServicerContext[pb.RevokeApiKeyRequest, pb.RevokeApiKeyResponse],
    ) -> pb.RevokeApiKeyResponse:
        """Withdraw a key."""
        key_id = check_id(request.api_key_id, "api_key_id")
        await self._keys.revoke(current_caller(), self._arrivals.actor(context), key_id)
        return pb.RevokeApiKeyResponse()

    async def ExchangeApiKey(
        self,
        request: pb.ExchangeApiKeyRequest,
        context: ServicerContext[pb.ExchangeApiKeyRequest, pb.ExchangeApiKeyResponse],
    ) -> pb.ExchangeApiKeyResponse:
        """Give an access token for a key."""
        arrival = self._arrivals.of(context)
        token = await self._keys.exchange(arrival.api_key(), arrival.source)
        answer = pb.ExchangeApiKeyResponse(access_token=token.text)
        answer.access_token_expire_time.FromDatetime(token.expire_time)
        return answer
