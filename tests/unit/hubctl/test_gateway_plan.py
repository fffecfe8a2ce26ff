"""The gateway's routes come from the contract; its plan opens no more than it says."""

from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.descriptor_pb2 import MethodOptions

from dochub.document.v1 import upload_service_pb2
from hubctl.gateway.render import Endpoint, GatewayPlan, render
from hubctl.gateway.routes import SERVICES, routes
from hubkit.core.errors import InvalidArgument

ROOT = Path(__file__).resolve().parents[3]


HERE = Endpoint("127.0.0.1", 50051)
PLAN = GatewayPlan(
    listen=Endpoint("127.0.0.1", 8443),
    admin=Endpoint("127.0.0.1", 9901),
    certificate_file="/c",
    private_key_file="/k",
    jwks_file="/j",
    upstreams=dict.fromkeys(("identity", "document", "ocr"), (HERE,)),
)


def test_every_service_of_the_contract_has_its_routes() -> None:
    written = {
        ".".join(path.relative_to(ROOT / "protos").with_suffix("").parts) + "_pb2"
        for path in (ROOT / "protos" / "dochub").rglob("*_service.proto")
    }
    assert written == {module for modules in SERVICES.values() for module in modules}


def test_only_calls_the_contract_calls_idempotent_are_tried_again() -> None:
    by_path = {route.path: route for route in routes()}
    assert not by_path["/dochub.identity.v1.AuthService/Login"].retries
    assert not by_path["/dochub.identity.v1.AuthService/RefreshToken"].retries
    for method in upload_service_pb2.DESCRIPTOR.services_by_name["UploadService"].methods:
        level = method.GetOptions().idempotency_level
        expected = level != MethodOptions.IDEMPOTENCY_UNKNOWN
        assert by_path[f"/{method.containing_service.full_name}/{method.name}"].retries is expected


def test_only_streams_have_no_total_timeout() -> None:
    endless = {route.path.rsplit("/", 1)[1] for route in routes() if route.timeout_s == 0}
    assert endless == {
        "WatchDocuments",
        "WatchJob",
        "GetPageImage",
        "DownloadDocument",
        "ReadPages",
        "ExportAuditEvents",
    }


def test_only_who_cannot_have_a_token_needs_none() -> None:
    public = {route.path.rsplit("/", 1)[1] for route in routes() if route.public}
    assert public == {
        "Login",
        "RefreshToken",
        "RequestPasswordReset",
        "ConfirmPasswordReset",
        "ExchangeApiKey",
    }


@pytest.mark.parametrize("text", ["", "host", "host:", ":1", "host:0", "host:65536", "host:-1"])
def test_an_address_needs_host_and_port(text: str) -> None:
    with pytest.raises(InvalidArgument, match="host:port"):
        Endpoint.parse(text, "identity")


def test_an_address_is_read_back_as_written() -> None:
    assert str(Endpoint.parse("[::1]:50051", "identity")) == "[::1]:50051"
    assert Endpoint.parse("identity:50051", "identity") == Endpoint("identity", 50051)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.1", "localhost"])  # noqa: S104 - refused
def test_the_admin_door_stays_on_loopback(host: str) -> None:
    with pytest.raises(InvalidArgument, match="loopback"):
        render(replace(PLAN, admin=Endpoint(host, 9901)))


@pytest.mark.parametrize("origin", ["*", "app.example", "https://*.example", "https://a.example/"])
def test_an_origin_is_exact(origin: str) -> None:
    with pytest.raises(InvalidArgument, match="origin"):
        render(replace(PLAN, origins=(origin,)))


def test_a_service_without_address_is_named() -> None:
    with pytest.raises(InvalidArgument, match="ocr"):
        render(
            replace(
                PLAN, upstreams={"identity": (Endpoint("a", 1),), "document": (Endpoint("a", 1),)}
            )
        )


def test_names_are_resolved_and_addresses_are_not() -> None:
    assert "STRICT_DNS" not in render(PLAN)
    named = dict.fromkeys(("identity", "document", "ocr"), (Endpoint("service", 50051),))
    assert render(replace(PLAN, upstreams=named)).count("STRICT_DNS") == 3


def test_a_path_with_quotes_stays_one_value() -> None:
    assert '"/a\\" }, x: {"' in render(replace(PLAN, certificate_file='/a" }, x: {'))
