"""What the gateway must know of each RPC, read from the contract's descriptors."""

import importlib
from dataclasses import dataclass
from typing import Final

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor
from google.protobuf.descriptor_pb2 import MethodOptions

from dochub.option.v1 import options_pb2
from hubkit.core.permissions import INTERNAL, PUBLIC

SERVICES: Final = {
    "identity": (
        "dochub.identity.v1.auth_service_pb2",
        "dochub.identity.v1.audit_service_pb2",
        "dochub.identity.v1.user_service_pb2",
        "dochub.identity.v1.tenant_service_pb2",
        "dochub.identity.v1.api_key_service_pb2",
        "dochub.identity.v1.revocation_service_pb2",
    ),
    "document": (
        "dochub.document.v1.upload_service_pb2",
        "dochub.document.v1.document_service_pb2",
        "dochub.document.v1.page_service_pb2",
        "dochub.document.v1.field_service_pb2",
        "dochub.document.v1.processing_service_pb2",
        "dochub.document.v1.document_job_service_pb2",
    ),
    "ocr": ("dochub.ocr.v1.ocr_service_pb2",),
}
"""The files of the contract that each cluster serves; a test keeps the list whole."""

UNARY_S: Final = 30
READER_UNARY_S: Final = 120  # a busy reader takes its time for a page

_IDEMPOTENT: Final = frozenset({MethodOptions.NO_SIDE_EFFECTS, MethodOptions.IDEMPOTENT})


@dataclass(frozen=True, slots=True)
class Route:
    """How the gateway treats one RPC.

    Attributes:
        path: As on the wire.
        cluster: The service that answers.
        timeout_s: Longest time for the answer; 0 for a stream, which only silence ends.
        retries: Whether a failed try may be made again elsewhere.
        public: Whether it is called without a token.
    """

    path: str
    cluster: str
    timeout_s: int
    retries: bool
    public: bool


def routes() -> tuple[Route, ...]:
    """List the routes of every RPC that clients may call, in the order of the contract."""
    return tuple(
        _route(cluster, method)
        for cluster, modules in SERVICES.items()
        for module in modules
        for service in _file(module).services_by_name.values()
        for method in service.methods
        if _permission(method) not in INTERNAL
    )


def _permission(method: MethodDescriptor) -> str:
    needed = method.GetOptions().Extensions[options_pb2.permission]
    return options_pb2.Permission.Name(needed).removeprefix("PERMISSION_")


def _file(module: str) -> FileDescriptor:
    descriptor = importlib.import_module(module).DESCRIPTOR
    assert isinstance(descriptor, FileDescriptor)  # noqa: S101 - narrows what a generated module holds
    return descriptor


def _route(cluster: str, method: MethodDescriptor) -> Route:
    options = method.GetOptions()
    timeout_s = READER_UNARY_S if cluster == "ocr" else UNARY_S
    return Route(
        path=f"/{method.containing_service.full_name}/{method.name}",
        cluster=cluster,
        timeout_s=0 if method.server_streaming else timeout_s,
        retries=options.idempotency_level in _IDEMPOTENT,
        public=_permission(method) == PUBLIC,
    )
