"""The real gateway for tests: Envoy with the rendered configuration before given servers."""

import http.client
import ssl
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import grpc

from hubctl.gateway.binary import envoy_command
from hubctl.gateway.jwks import write_jwks_route
from hubctl.gateway.render import Endpoint, GatewayPlan, render
from hubctl.mesh.certificate import ensure_certificate
from hubctl.mesh.ports import LOOPBACK, free_ports
from hubkit.core.ids import new_id
from hubkit.tokens import Signer, generate_keys

ORIGIN: Final = "https://app.example"
UNLIMITED: Final = 100_000
READY_S: Final = 30


@dataclass(frozen=True, slots=True)
class Gateway:
    """Envoy at work, and what a client of it needs.

    Attributes:
        plan: What it was rendered from.
        folder: Holds its keys, certificate and logs.
    """

    plan: GatewayPlan
    folder: Path

    @property
    def authority(self) -> bytes:
        """The certificate to trust, PEM."""
        return (self.folder / "tls" / "cert.pem").read_bytes()

    def signer(self, issuer: str = "identity") -> Signer:
        """Give the key of `identity` or `document`."""
        return Signer.from_file(self.folder / "keys" / f"{issuer}.pem", issuer)

    def token(self) -> str:
        """Sign in a person nobody has met before."""
        return self.signer().person_token(
            person_id=new_id(), tenant_id=new_id(), session_id=new_id(), role="OPERATOR"
        )

    def channel(self) -> grpc.Channel:
        """Open a channel that tries nothing twice, so that only the gateway does."""
        credentials = grpc.ssl_channel_credentials(self.authority)
        return grpc.secure_channel(str(self.plan.listen), credentials, [("grpc.enable_retries", 0)])

    def http(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, str], bytes]:
        """Call as a browser does, over HTTP/1.1; gives status, headers and body."""
        context = ssl.create_default_context(cadata=self.authority.decode())
        connection = http.client.HTTPSConnection(
            LOOPBACK, self.plan.listen.port, context=context, timeout=10
        )
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            content = answer.read()
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, content
        finally:
            connection.close()


@contextmanager
def running_gateway(
    folder: Path,
    upstreams: Mapping[str, tuple[Endpoint, ...]],
    *,
    rate_per_s: int = UNLIMITED,
    burst: int = UNLIMITED,
) -> Iterator[Gateway]:
    """Run Envoy before servers until the block ends."""
    generate_keys(folder / "keys", folder / "jwks", ["identity", "document"])
    write_jwks_route(folder / "jwks" / "edge.json")
    ensure_certificate(folder / "tls", ["localhost", LOOPBACK], datetime.now(UTC))
    listen, admin = free_ports(2)
    plan = GatewayPlan(
        listen=Endpoint(LOOPBACK, listen),
        admin=Endpoint(LOOPBACK, admin),
        certificate_file=str(folder / "tls" / "cert.pem"),
        private_key_file=str(folder / "tls" / "key.pem"),
        jwks_file=str(folder / "jwks" / "edge.json"),
        upstreams=upstreams,
        origins=(ORIGIN,),
        rate_per_s=rate_per_s,
        burst=burst,
        access_log=str(folder / "access.log"),
    )
    config = folder / "envoy.yaml"
    config.write_text(render(plan))
    gateway = Gateway(plan, folder)
    with (folder / "envoy.log").open("w") as log:
        envoy = subprocess.Popen(envoy_command(config), stdout=log, stderr=log)  # noqa: S603 - Envoy
    try:
        _wait_ready(gateway, envoy)
        yield gateway
    finally:
        envoy.kill()
        envoy.wait()


def _wait_ready(gateway: Gateway, envoy: "subprocess.Popen[bytes]") -> None:
    end_s = time.monotonic() + READY_S
    while True:
        try:
            if gateway.http("GET", "/healthz", {})[0] == http.client.OK:
                return
        except OSError:
            pass  # it does not listen yet
        if envoy.poll() is not None or time.monotonic() > end_s:
            raise RuntimeError((gateway.folder / "envoy.log").read_text()[-2000:])
        time.sleep(0.02)
