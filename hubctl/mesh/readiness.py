"""Waits for the parts of the mesh to say that they are ready."""

import asyncio
import http.client
import ssl
from pathlib import Path
from typing import Final

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from hubctl.gateway.render import Endpoint
from hubctl.mesh.ports import LOOPBACK
from hubkit.core.errors import Unavailable

SERVICE_S: Final = 120.0
"""Models are loaded first, on a busy computer."""
GATEWAY_S: Final = 30.0
_LOOK_S: Final = 0.05
_RECONNECT: Final = (
    ("grpc.initial_reconnect_backoff_ms", 50),
    ("grpc.min_reconnect_backoff_ms", 50),
    ("grpc.max_reconnect_backoff_ms", 250),
)


async def service_ready(name: str, endpoint: Endpoint) -> None:
    """Return when a service's health says SERVING.

    Raises:
        Unavailable: It did not say so in time.
    """
    try:
        async with (
            asyncio.timeout(SERVICE_S),
            grpc.aio.insecure_channel(str(endpoint), options=_RECONNECT) as channel,
        ):
            stub = health_pb2_grpc.HealthStub(channel)
            while True:
                try:
                    async for answer in stub.Watch(
                        health_pb2.HealthCheckRequest(), wait_for_ready=True
                    ):
                        if answer.status == health_pb2.HealthCheckResponse.SERVING:
                            return
                except grpc.aio.AioRpcError:
                    await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise Unavailable(f"{name} was not ready within {SERVICE_S:.0f} s; see its log") from None


async def gateway_ready(endpoint: Endpoint, certificate: Path) -> None:
    """Return when the gateway answers over TLS and reaches every service.

    Raises:
        Unavailable: It did not in time.
    """
    trust = ssl.create_default_context(cafile=str(certificate))
    trust.check_hostname = False  # it may listen on an address that its clients never name
    everywhere = endpoint.host in {"0.0.0.0", "::"}  # noqa: S104 - compared
    try:
        async with asyncio.timeout(GATEWAY_S):
            while not await asyncio.to_thread(  # noqa: ASYNC110 - it tells by its answers alone
                _answers, LOOPBACK if everywhere else endpoint.host, endpoint.port, trust
            ):
                await asyncio.sleep(_LOOK_S)
    except TimeoutError:
        raise Unavailable(f"the gateway was not ready within {GATEWAY_S:.0f} s") from None


def _answers(host: str, port: int, trust: ssl.SSLContext) -> bool:
    connection = http.client.HTTPSConnection(host, port, context=trust, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
