"""Brings the whole mesh up on one computer and takes it down again in order."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Final

import psutil

from hubctl.gateway.jwks import write_jwks_route
from hubctl.gateway.render import render
from hubctl.mesh.certificate import ensure_certificate
from hubctl.mesh.directory import DataDirectory, MeshState, ProcessState
from hubctl.mesh.ports import is_free
from hubctl.mesh.process import Program, Supervised, supervised, undertaker
from hubctl.mesh.programs import (
    ROLES,
    SERVICES,
    Addresses,
    envoy_program,
    gateway_plan,
    postgres_program,
    service_program,
)
from hubctl.mesh.readiness import gateway_ready, service_ready
from hubkit.core.errors import PreconditionFailed
from hubkit.sql.embedded import OWNER, EmbeddedPostgres
from hubkit.sql.migrate import upgrade
from hubkit.tokens import IDENTITY, ensure_data_key, generate_keys
from identity_service.offline import create_admin

DEFAULT_PORT: Final = 8443
FIRST_ADMIN: Final = "admin@dochub.local"
FIRST_TENANT: Final = "demo"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may choose.

    Attributes:
        directory: Where everything is kept.
        host: Where the gateway listens.
        port: The same; 0 takes a free one.
        origins: Web origins that may call besides the gateway's own.
        rate_per_s: Requests a second that one address may make.
    """

    directory: DataDirectory
    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    origins: tuple[str, ...] = ()
    rate_per_s: int = 1000


@dataclass(frozen=True, slots=True)
class FirstAdmin:
    """The administrator that the first start enrolled.

    Attributes:
        email: Who.
        tenant: Where, by its short name.
        password: Known at the first start alone.
    """

    email: str
    tenant: str
    password: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A mesh at work.

    Attributes:
        state: What runs where.
        admin: Who may sign in first.
    """

    state: MeshState
    admin: FirstAdmin


class _Register:
    """Keeps `run/mesh.json` true."""

    def __init__(self, directory: DataDirectory, addresses: Addresses, tell: Tell) -> None:
        self._directory = directory
        self._tell = tell
        self._targets = {name: str(one) for name, one in addresses.services.items()}
        self._targets["envoy"] = str(addresses.gateway)
        self.state = MeshState(
            url=addresses.url,
            ca_file=str(directory.tls / "cert.pem"),
            pid=psutil.Process().pid,
            ready=False,
            processes={},
        )

    def note(self, process: Supervised) -> None:
        name = process.program.name
        started = _start_time(process.pid)
        if started is None:
            if self.state.ready:
                self._tell(f"{name} ended; see {process.program.log}")
            return
        if process.restarts:
            self._tell(f"{name} was started again")
        entry = ProcessState(process.pid, started, process.restarts, self._targets.get(name, ""))
        self._write(replace(self.state, processes={**self.state.processes, name: entry}))

    def set_ready(self, ready: bool) -> None:
        self._write(replace(self.state, ready=ready))

    def _write(self, state: MeshState) -> None:
        self.state = state
        self._directory.write_state(state)


@asynccontextmanager
async def mesh(options: Options, tell: Tell) -> AsyncIterator[Running]:
    """Run everything while the block lasts.

    Args:
        options: What was chosen.
        tell: Takes a line for people, one a step or event.

    Raises:
        HubError: It cannot be started; the message says what to do. Nothing is left running.
    """
    directory = options.directory
    directory.prepare()
    with directory.locked():
        for name in directory.end_leftovers():
            tell(f"ended {name}, left over from an earlier run")
        addresses = Addresses.choose(options.host, options.port)
        if not is_free(addresses.gateway.host, addresses.gateway.port):
            raise PreconditionFailed(
                f"{addresses.gateway} is taken or not this computer's: choose another --port"
            )
        try:
            async with AsyncExitStack() as stack:
                register = _Register(directory, addresses, tell)
                kept = stack.enter_context(undertaker())

                async def start(program: Program) -> Supervised:
                    running = supervised(program, kept, register.note)
                    return await stack.enter_async_context(running)

                admin = await _start_all(options, addresses, start, tell)
                register.set_ready(True)
                stack.callback(register.set_ready, False)
                yield Running(register.state, admin)
                tell("stopping")
        finally:
            directory.forget_state()


async def _start_all(
    options: Options,
    addresses: Addresses,
    start: Callable[[Program], Awaitable[Supervised]],
    tell: Tell,
) -> FirstAdmin:
    directory = options.directory
    database = EmbeddedPostgres(directory.root)
    tell("preparing keys, certificate and database")
    generate_keys(directory.keys, directory.jwks, SERVICES)
    ensure_data_key(directory.keys, IDENTITY)
    write_jwks_route(directory.jwks / "edge.json")
    ensure_certificate(directory.tls, addresses.names, datetime.now(UTC))
    await asyncio.to_thread(database.prepare)
    postgres = await start(postgres_program(directory, database))
    await postgres.until(database.wait_ready())
    tell("bringing the database up to date")
    owner_dsn = database.dsn(OWNER)
    await upgrade(owner_dsn, {role: database.password(role) for role in ROLES.values()})
    admin = await _first_admin(directory, owner_dsn)
    tell("starting the services")
    services = [
        await start(service_program(name, directory, addresses, database, options.origins))
        for name in SERVICES
    ]
    await _all_ready(services, addresses)
    tell("starting the gateway")
    plan = gateway_plan(directory, addresses, options.origins, options.rate_per_s)
    (directory.run / "envoy.yaml").write_text(render(plan))
    envoy = await start(envoy_program(directory))
    await envoy.until(gateway_ready(addresses.gateway, directory.tls / "cert.pem"))
    return admin


async def _all_ready(services: list[Supervised], addresses: Addresses) -> None:
    try:
        async with asyncio.TaskGroup() as group:
            for service in services:
                name = service.program.name
                group.create_task(service.until(service_ready(name, addresses.services[name])))
    except ExceptionGroup as failures:
        # The first one tells; others follow from it.
        raise failures.exceptions[0] from None


async def _first_admin(directory: DataDirectory, owner_dsn: str) -> FirstAdmin:
    """Enrol an administrator at the first start; later ones leave people as they are."""
    if directory.first_admin.exists():
        return FirstAdmin(**json.loads(directory.first_admin.read_text()))
    enrolled = await create_admin(
        owner_dsn, FIRST_ADMIN, tenant_slug=FIRST_TENANT, tenant_name="Demo"
    )
    admin = FirstAdmin(enrolled.email, enrolled.tenant_slug)
    remembered = {key: value for key, value in asdict(admin).items() if key != "password"}
    directory.first_admin.write_text(json.dumps(remembered))
    return replace(admin, password=enrolled.generated_password)


def _start_time(pid: int) -> float | None:
    try:
        return psutil.Process(pid).create_time()
    except psutil.NoSuchProcess:
        return None
