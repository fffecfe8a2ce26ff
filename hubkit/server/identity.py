"""What a service asks of identity while it serves: which tokens no longer count."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

from dochub.identity.v1 import revocation_service_pb2 as pb
from dochub.identity.v1.revocation_service_pb2_grpc import RevocationServiceStub
from hubkit.clients import open_channel, remote_errors
from hubkit.core.caller import use_caller
from hubkit.server.revocations import Revocation, Source, Told
from hubkit.tokens import IDENTITY, Signer

_TIMEOUT_S: Final = 4.0


@asynccontextmanager
async def asking_identity(target: str, signer: Signer) -> AsyncIterator[Source]:
    """Hold a channel to identity; gives what asks it for revocations."""
    channel = open_channel(
        target,
        audience=IDENTITY,
        signer=signer,
        services=(pb.DESCRIPTOR.services_by_name["RevocationService"],),
    )
    stub = RevocationServiceStub(channel)

    async def ask(since: datetime | None) -> Told:
        request = pb.ListRevocationsRequest()
        if since is not None:
            request.since.FromDatetime(since)
        with use_caller(None), remote_errors():
            answer = await stub.ListRevocations(request, timeout=_TIMEOUT_S)
        return Told(
            tuple(_revocation(one) for one in answer.revocations), answer.as_of.ToDatetime(UTC)
        )

    async with channel:
        yield ask


def _revocation(one: pb.Revocation) -> Revocation:
    return Revocation(
        one.session_id or None, one.tenant_id or None, one.person_id or None, one.epoch
    )
