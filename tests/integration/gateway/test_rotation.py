"""The keys that sign are changed while calls go on: none fails, at the gateway or behind it."""

import asyncio
import time
from pathlib import Path

import grpc

from hubctl.gateway.jwks import write_jwks_route
from hubctl.gateway.render import Endpoint
from hubctl.testing import running_gateway
from hubkit.testing.tokens import Mesh, make_mesh
from hubkit.tokens import ANNOUNCED_S, RETIRED_S, Signer, rotate_keys
from tests.integration.gateway.test_every_rpc import OK, served, status

RPC = "identity.AuthService/ListSessions"
NAMES = ("identity", "document")
ANYBODY = "01a20b17-95a8-744d-96a6-f2e452a5d63b"


class Load:
    """Calls again and again with a fresh token of a signer that lives through the change."""

    def __init__(self, mesh: Mesh, channel: grpc.aio.Channel) -> None:
        self._mesh = mesh
        self._signer = mesh.signer("identity")
        self._channel = channel
        self.calls = 0
        self._called = asyncio.Event()
        self.failures: list[grpc.StatusCode] = []

    def token(self, signer: Signer) -> str:
        return signer.person_token(
            person_id=ANYBODY, tenant_id=ANYBODY, session_id=ANYBODY, role="ADMIN"
        )

    async def run(self) -> None:
        while True:
            code = await status(self._channel, RPC, self.token(self._signer))
            self.calls += 1
            self._called.set()
            if code is not OK:
                self.failures.append(code)

    async def go_on(self) -> None:
        """Wait for some more calls."""
        for _ in range(5):
            self._called.clear()
            await asyncio.wait_for(self._called.wait(), 60)

    async def until_known(self, key: Path) -> None:
        """Wait until the gateway and the service take what a key signs."""
        signer = Signer.from_file(key, "identity")
        async with asyncio.timeout(60):
            while await status(self._channel, RPC, self.token(signer)) is not OK:
                pass


async def test_no_call_fails_while_the_keys_change(tmp_path: Path) -> None:
    mesh = make_mesh(tmp_path, NAMES)
    keys, jwks = tmp_path / "keys", tmp_path / "jwks"

    def step(later_s: float) -> str:
        said = rotate_keys(keys, jwks, NAMES, time.time() + later_s)
        write_jwks_route(jwks / "edge.json")
        return said

    async with served(mesh) as target:
        host, _, port = target.rpartition(":")
        upstreams = dict.fromkeys(("identity", "document", "ocr"), (Endpoint(host, int(port)),))
        running = running_gateway(tmp_path, upstreams)
        gateway = await asyncio.to_thread(running.__enter__)
        try:
            address = f"localhost:{gateway.plan.listen.port}"
            credentials = grpc.ssl_channel_credentials(gateway.authority)
            async with grpc.aio.secure_channel(address, credentials) as channel:
                load = Load(mesh, channel)
                work = asyncio.create_task(load.run())
                old = load.token(mesh.signer("identity"))
                await load.go_on()
                assert "published" in step(0)
                assert "can sign in" in step(ANNOUNCED_S / 2)
                await load.until_known(keys / "identity.next.pem")
                await load.go_on()
                assert "sign; come again" in step(ANNOUNCED_S + 1)
                await load.go_on()
                await load.until_known(keys / "identity.pem")
                assert await status(channel, RPC, old) is OK
                assert "still needed" in step(RETIRED_S / 2)
                assert "done" in step(RETIRED_S + 1)
                assert await status(channel, RPC, old) is grpc.StatusCode.UNAUTHENTICATED
                await load.go_on()
                work.cancel()
                assert load.failures == []
                assert load.calls >= 20
        finally:
            await asyncio.to_thread(running.__exit__, None, None, None)
    assert sorted(path.name for path in keys.iterdir()) == ["document.pem", "identity.pem"]
