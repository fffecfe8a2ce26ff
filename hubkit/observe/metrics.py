"""Figures of every call, for Prometheus to read."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from prometheus_client import Counter, Gauge, Histogram, start_http_server

from hubkit.core.errors import PreconditionFailed

RPC_CALLS: Final = Counter("dochub_rpc_calls", "Calls that ended.", ("method", "code"))
RPC_SECONDS: Final = Histogram(
    "dochub_rpc_seconds",
    "How long calls took.",
    ("method",),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120),
)
RPC_IN_FLIGHT: Final = Gauge("dochub_rpc_in_flight", "Calls at work now.", ("method",))


@contextmanager
def serving_metrics(listen: str) -> Iterator[None]:
    """Serve the figures of this process over HTTP while the block lasts.

    Args:
        listen: `host:port`; empty to serve nothing.

    Raises:
        PreconditionFailed: The address is of another form or taken.
    """
    if not listen:
        yield
        return
    host, _, port = listen.rpartition(":")
    if not host or not port.isdecimal():
        raise PreconditionFailed(f"metrics_listen must be host:port, not {listen!r}")
    try:
        server, thread = start_http_server(int(port), addr=host.strip("[]"))
    except OSError as error:
        raise PreconditionFailed(
            f"can't serve metrics on {listen}: {error.strerror or error}"
        ) from None
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
