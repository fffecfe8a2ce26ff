"""The contract says for every RPC who may call it, and for every failure why."""

import pkgutil
from collections.abc import Iterator
from importlib import import_module

from google.protobuf.descriptor import FileDescriptor, MethodDescriptor

import dochub
import document_service
import hubkit
import identity_service
import ocr_service
from dochub.error.v1.error_reason_pb2 import ErrorReason
from dochub.option.v1 import options_pb2
from hubkit.core.errors import HubError


def files() -> Iterator[FileDescriptor]:
    for module in pkgutil.walk_packages(dochub.__path__, prefix="dochub."):
        if module.name.endswith("_pb2"):
            yield import_module(module.name).DESCRIPTOR


def methods() -> list[MethodDescriptor]:
    services = [service for file in files() for service in file.services_by_name.values()]
    return [method for service in services for method in service.methods]


def test_every_rpc_names_its_permission() -> None:
    assert methods()
    silent = [
        method.full_name
        for method in methods()
        if not method.GetOptions().Extensions[options_pb2.permission]
    ]
    assert silent == []


def test_only_who_cannot_have_a_token_needs_none() -> None:
    public = {
        method.full_name
        for method in methods()
        if method.GetOptions().Extensions[options_pb2.permission] == options_pb2.PERMISSION_PUBLIC
    }
    assert public == {
        "dochub.identity.v1.AuthService.Login",
        "dochub.identity.v1.AuthService.RefreshToken",
        "dochub.identity.v1.AuthService.RequestPasswordReset",
        "dochub.identity.v1.AuthService.ConfirmPasswordReset",
        "dochub.identity.v1.ApiKeyService.ExchangeApiKey",
    }


def error_classes() -> set[type[HubError]]:
    for package in (hubkit, identity_service, document_service, ocr_service):
        for module in pkgutil.walk_packages(package.__path__, prefix=f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                import_module(module.name)
    found: set[type[HubError]] = set()
    queue = [HubError]
    while queue:
        children = queue.pop().__subclasses__()
        found.update(children)
        queue.extend(children)
    return found


def test_every_error_has_its_reason_in_the_contract() -> None:
    known = {name.removeprefix("ERROR_REASON_") for name in ErrorReason.DESCRIPTOR.values_by_name}
    strangers = {cls.__qualname__: cls.reason for cls in error_classes() if cls.reason not in known}
    assert strangers == {}
