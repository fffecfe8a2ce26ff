"""What a service serves, and the facts of each of its methods, read from the contract."""

import pkgutil
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import grpc
from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor

import dochub
from dochub.option.v1 import options_pb2
from hubkit.core.errors import PreconditionFailed
from hubkit.server.revocations import Source

_PERMISSION_PREFIX = "PERMISSION_"


@dataclass(frozen=True, slots=True)
class Servicer:
    """One gRPC service.

    Attributes:
        add: The generated `add_…Servicer_to_server`.
        service: The object that serves it.
        descriptor: `…_pb2.DESCRIPTOR.services_by_name["…"]`.
    """

    add: Callable[[Any, grpc.aio.Server], None]
    service: object
    descriptor: ServiceDescriptor


@dataclass(frozen=True, slots=True)
class App:
    """A service, ready to be served.

    Attributes:
        name: Short name, such as `document`; tokens for it are made out to this name.
        servicers: What it answers.
        background: Work that goes on while it serves, each cancelled at the end. If one fails, the
            process ends.
        watch_ready: Gives True whenever the service can work and False whenever it cannot; None
            when it always can. Health tells others.
        revocations: Tells which tokens no longer count; identity's own. Others ask identity.
    """

    name: str
    servicers: tuple[Servicer, ...]
    background: tuple[Callable[[], Coroutine[Any, Any, None]], ...] = ()
    watch_ready: Callable[[], AsyncIterator[bool]] | None = None
    revocations: Source | None = None


@dataclass(frozen=True, slots=True)
class Method:
    """What the contract says of one RPC.

    Attributes:
        path: As on the wire, such as `/dochub.ocr.v1.OcrService/ReadPages`.
        permission: The right it needs, without prefix.
        streams: Whether it answers with a stream.
        endless: Whether the stream goes on until someone ends it. By the contract's custom these
            are the streams whose names begin with Watch; a server that stops ends them itself.
    """

    path: str
    permission: str
    streams: bool
    endless: bool


def methods_of(servicers: tuple[Servicer, ...]) -> dict[str, Method]:
    """Read the facts of all methods, by path.

    Raises:
        PreconditionFailed: A method names no permission, or takes a stream of requests, which
            browsers cannot send and nothing here limits.
    """
    methods = [_facts(method) for one in servicers for method in one.descriptor.methods]
    return {method.path: method for method in methods}


def _facts(method: MethodDescriptor) -> Method:
    path = f"/{method.containing_service.full_name}/{method.name}"
    permission = options_pb2.Permission.Name(method.GetOptions().Extensions[options_pb2.permission])
    if permission == "PERMISSION_UNSPECIFIED":
        raise PreconditionFailed(f"{path} names no permission in the contract")
    if method.client_streaming:
        raise PreconditionFailed(f"{path} takes a stream of requests, which is not served")
    streams = bool(method.server_streaming)
    return Method(
        path,
        permission.removeprefix(_PERMISSION_PREFIX),
        streams,
        endless=streams and method.name.startswith("Watch"),
    )


def services_of_contract() -> list[str]:
    """Name every service of the mesh, so that any one of them can tell a tool of them all."""
    modules = pkgutil.walk_packages(dochub.__path__, prefix="dochub.")
    files = [import_module(one.name).DESCRIPTOR for one in modules if one.name.endswith("_pb2")]
    return [service.full_name for file in files for service in file.services_by_name.values()]
