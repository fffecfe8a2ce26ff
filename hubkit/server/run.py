"""From settings to a serving process, and back down in order.

On a stop signal: health says NOT_SERVING at once, calls are still taken for a moment so that
balancers can learn of it, then none are; calls at work may end within `drain_s`; exit status 0.
"""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from typing import Final

import grpc
import structlog
import uvloop
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health_aio
from grpc_reflection.v1alpha import reflection

from hubkit.config import ServerSettings
from hubkit.core.errors import HubError, PreconditionFailed
from hubkit.observe.logs import configure_logs, failure_facts
from hubkit.observe.metrics import serving_metrics
from hubkit.observe.traces import Tracing
from hubkit.server.app import App, methods_of, services_of_contract
from hubkit.server.auth import Authorizer, TokenVerifier
from hubkit.server.chain import Chain
from hubkit.server.concurrency import CallsInFlight
from hubkit.server.deadlines import keep_deadline
from hubkit.server.errors import translate_errors
from hubkit.server.identity import asking_identity
from hubkit.server.revocations import Revocations
from hubkit.server.watching import log_call, tracing_layer
from hubkit.tokens import Signer

MESSAGE_BYTES: Final = 8 * 1024 * 1024
"""Longest message inside the mesh."""
LAME_DUCK_S: Final = 1.0
"""How long calls are still taken after health says NOT_SERVING."""
_OPTIONS: Final = (
    ("grpc.max_receive_message_length", MESSAGE_BYTES),
    ("grpc.max_send_message_length", MESSAGE_BYTES),
    ("grpc.max_metadata_size", 16 * 1024),
    # Two servers on one port would take each other's calls without a word.
    ("grpc.so_reuseport", 0),
    # Clients of the mesh ask every 20 s whether the connection still lives, at rest too.
    ("grpc.http2.min_ping_interval_without_data_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
)
_SERVING: Final = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING: Final = health_pb2.HealthCheckResponse.NOT_SERVING
_log: Final = structlog.get_logger("hubkit.server")

OnFailure = Callable[[BaseException], None]


def run(
    settings: ServerSettings,
    build: Callable[[], AbstractAsyncContextManager[App]],
    *,
    name: str = "dochub",
) -> None:
    """Serve until a stop signal; ends the process with status 1 when that fails.

    Args:
        settings: How to serve.
        build: Opens what the service needs and gives it.
        name: What the service is called in logs.
    """
    configure_logs(name, settings.log_level)
    try:
        # First, since it costs nothing and what `build` opens may take seconds.
        TokenVerifier(settings.jwks_file, name)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            failure = runner.run(_serve_until_stopped(settings, build))
    except (HubError, OSError) as error:
        sys.exit(f"{name} can't start: {error}")
    if failure is not None:
        _log.error("background work failed", **failure_facts(failure))
        sys.exit(f"{name} stopped: background work failed with {type(failure).__name__}")


async def _serve_until_stopped(
    settings: ServerSettings, build: Callable[[], AbstractAsyncContextManager[App]]
) -> BaseException | None:
    stop = asyncio.Event()
    failures: list[BaseException] = []
    opening = asyncio.current_task()

    def end() -> None:
        stop.set()
        if opening is not None:
            # Nobody is served yet: what takes seconds to open need not be waited for.
            opening.cancel()

    def fail(error: BaseException) -> None:
        failures.append(error)
        stop.set()

    loop = asyncio.get_running_loop()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, end)
    try:
        async with build() as app:
            opening = None
            lame_duck_s = min(LAME_DUCK_S, settings.drain_s)
            async with serving(settings, app, lame_duck_s=lame_duck_s, on_failure=fail) as address:
                _log.info("serving", listen=address)
                await stop.wait()
                _log.info("stopping")
    except asyncio.CancelledError:
        if not stop.is_set():
            raise
    _log.info("stopped")
    return failures[0] if failures else None


@asynccontextmanager
async def serving(
    settings: ServerSettings,
    app: App,
    *,
    lame_duck_s: float = 0.0,
    on_failure: OnFailure | None = None,
) -> AsyncIterator[str]:
    """Serve an app while the block lasts; gives the address, with the port that was taken.

    Args:
        settings: How to serve.
        app: What to serve.
        lame_duck_s: How long calls are taken after health has said NOT_SERVING.
        on_failure: Told of background work that fails.

    Raises:
        PreconditionFailed: It cannot be served so; the message says why.
    """
    async with _revocations(settings, app) as revocations:
        authorizer = Authorizer(TokenVerifier(settings.jwks_file, app.name), revocations)
        if revocations is not None:
            app = replace(app, background=(*app.background, revocations.follow))
        async with _serving(settings, app, authorizer, lame_duck_s, on_failure) as address:
            yield address


@asynccontextmanager
async def _revocations(settings: ServerSettings, app: App) -> AsyncIterator[Revocations | None]:
    """Give what tells of tokens that no longer count: identity's own, or identity asked."""
    source = app.revocations
    async with AsyncExitStack() as stack:
        if source is None and settings.identity_target:
            if settings.service_key_file is None:
                raise PreconditionFailed(
                    "who asks identity needs a key: name it in DOCHUB_SERVER__SERVICE_KEY_FILE"
                )
            signer = Signer.from_file(settings.service_key_file, app.name)
            source = await stack.enter_async_context(
                asking_identity(settings.identity_target, signer)
            )
        if source is None:
            _log.warning("no identity_target: a token counts until it ends, whatever happens")
        yield None if source is None else Revocations(source, settings.revocation_poll_s)


@asynccontextmanager
async def _serving(
    settings: ServerSettings,
    app: App,
    authorizer: Authorizer,
    lame_duck_s: float,
    on_failure: OnFailure | None,
) -> AsyncIterator[str]:
    methods = methods_of(app.servicers)
    tracing = Tracing(app.name, settings.otlp_endpoint)
    in_flight = CallsInFlight(settings.max_concurrent_calls, settings.max_concurrent_streams)
    chain = Chain(
        methods,
        {
            "trace": tracing_layer(tracing),
            "log": log_call,
            "errors": translate_errors,
            "deadline": keep_deadline,
            "concurrency": in_flight.admit,
            "auth": authorizer.authorize,
        },
    )
    server = grpc.aio.server(interceptors=[chain], options=_OPTIONS)
    for servicer in app.servicers:
        servicer.add(servicer.service, server)
    health = await _add_health(server, app)
    if settings.reflection:
        health_name = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
        reflection.enable_server_reflection([*services_of_contract(), health_name], server)
    async with AsyncExitStack() as stack:
        stack.callback(tracing.close)
        stack.enter_context(serving_metrics(settings.metrics_listen))
        address = _bind(server, settings.listen)
        await server.start()
        work = [asyncio.create_task(start()) for start in app.background]
        ready = asyncio.create_task(_report_readiness(app, health))
        for task in (*work, ready):
            task.add_done_callback(_teller(on_failure))
        try:
            yield address
        finally:
            await health.enter_graceful_shutdown()
            ready.cancel()
            for task in work:
                task.cancel()
            await asyncio.sleep(lame_duck_s)
            await _stop(server, in_flight, settings.drain_s)
            # Asked to end above; what still has not is left to the end of the process.
            await asyncio.wait([*work, ready], timeout=settings.drain_s)


async def _add_health(server: grpc.aio.Server, app: App) -> health_aio.HealthServicer:
    health = health_aio.HealthServicer()
    health_pb2_grpc.add_HealthServicer_to_server(health, server)
    for name in _health_names(app):
        await health.set(name, _NOT_SERVING)
    return health


def _health_names(app: App) -> tuple[str, ...]:
    return "", *(servicer.descriptor.full_name for servicer in app.servicers)


async def _report_readiness(app: App, health: health_aio.HealthServicer) -> None:
    async for ready in _always(app):
        for name in _health_names(app):
            await health.set(name, _SERVING if ready else _NOT_SERVING)


def _always(app: App) -> AsyncIterator[bool]:
    async def once() -> AsyncIterator[bool]:
        yield True

    return once() if app.watch_ready is None else app.watch_ready()


def _bind(server: grpc.aio.Server, listen: str) -> str:
    try:
        port = server.add_insecure_port(listen)
    except RuntimeError:
        raise PreconditionFailed(
            f"can't listen on {listen}: the port is taken or the address is not this machine's"
        ) from None
    if listen.startswith("unix:"):
        return listen
    return f"{listen.rpartition(':')[0]}:{port}"


async def _stop(server: grpc.aio.Server, in_flight: CallsInFlight, drain_s: float) -> None:
    """Take no more calls, let those at work end, then cut what is left, such as health watches."""
    refusing = asyncio.create_task(server.stop(drain_s))
    with suppress(TimeoutError):
        async with asyncio.timeout(drain_s):
            await in_flight.drain()
    await server.stop(None)
    await refusing


def _teller(on_failure: OnFailure | None) -> Callable[[asyncio.Task[None]], None]:
    def tell(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and on_failure:
            on_failure(error)

    return tell
