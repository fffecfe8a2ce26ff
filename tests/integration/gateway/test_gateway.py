"""What the gateway lets through, and what it refuses before any service sees it."""

import base64
import hashlib
import hmac
import ipaddress
import json
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from dochub.document.v1 import (
    document_service_pb2,
    document_service_pb2_grpc,
    upload_service_pb2,
    upload_service_pb2_grpc,
)
from dochub.identity.v1 import auth_service_pb2, auth_service_pb2_grpc
from hubctl.testing import ORIGIN, Gateway

GET = "/dochub.document.v1.DocumentService/GetDocument"
MIB = 1024 * 1024
Started = AbstractContextManager[tuple[Gateway, list[subprocess.Popen[str]]]]
REFUSED = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


def bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {token}"),)


def refusal(call: Callable[[], object]) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value


def headers_seen(gateway: Gateway, *more: tuple[str, str]) -> dict[str, str]:
    with gateway.channel() as channel:
        answer = document_service_pb2_grpc.DocumentServiceStub(channel).GetDocument(
            document_service_pb2.GetDocumentRequest(id="1"),
            metadata=(*bearer(gateway.token()), *more),
        )
    return dict(pair.split("=", 1) for pair in answer.document.warnings)


def web_headers(token: str = "", origin: str = ORIGIN) -> dict[str, str]:
    return {
        "content-type": "application/grpc-web+proto",
        "x-grpc-web": "1",
        **({"authorization": f"Bearer {token}"} if token else {}),
        **({"origin": origin} if origin else {}),
    }


def web_body(message: bytes) -> bytes:
    return struct.pack(">BI", 0, len(message)) + message


def web_answer(body: bytes) -> tuple[list[bytes], dict[str, str]]:
    """Take the frames of a gRPC-web answer apart: messages, then trailers."""
    messages, trailers = [], {}
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        frame, body = body[5 : 5 + length], body[5 + length :]
        if flags & 0x80:
            lines = frame.decode().split("\r\n")
            trailers = dict(line.split(":", 1) for line in lines if line)
        else:
            messages.append(frame)
    return messages, trailers


def test_a_browser_calls_over_grpc_web(gateway: Gateway) -> None:
    request = document_service_pb2.GetDocumentRequest(id="42").SerializeToString()
    status, headers, body = gateway.http(
        "POST", GET, web_headers(gateway.token()), web_body(request)
    )
    messages, trailers = web_answer(body)
    assert status == 200
    answer = document_service_pb2.GetDocumentResponse.FromString(messages[0])
    assert answer.document.id == "42"
    assert trailers["grpc-status"].strip() == "0"
    assert headers["access-control-allow-origin"] == ORIGIN
    assert set(headers["access-control-expose-headers"].split(",")) == {
        "grpc-status",
        "grpc-message",
        "grpc-status-details-bin",
    }


def test_a_stream_comes_through_whole(gateway: Gateway) -> None:
    with gateway.channel() as channel:
        stub = document_service_pb2_grpc.DocumentServiceStub(channel)
        stream = stub.WatchDocuments(
            document_service_pb2.WatchDocumentsRequest(), metadata=bearer(gateway.token())
        )
        assert [change.cursor for change in stream] == ["0", "1", "2"]


def test_the_preflight_of_an_allowed_origin_is_answered(gateway: Gateway) -> None:
    asked = {"access-control-request-method": "POST", "access-control-request-headers": "x"}
    status, headers, _ = gateway.http("OPTIONS", GET, {"origin": ORIGIN, **asked})
    assert status == 200
    assert headers["access-control-allow-origin"] == ORIGIN
    assert headers["access-control-allow-methods"] == "POST"
    assert "authorization" in headers["access-control-allow-headers"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://app.example",
        "https://app.example.evil.example",
        "https://app.example:8443",
        "null",
    ],
)
def test_a_foreign_origin_is_refused_in_preflight_and_call(gateway: Gateway, origin: str) -> None:
    asked = {"access-control-request-method": "POST"}
    status, headers, _ = gateway.http("OPTIONS", GET, {"origin": origin, **asked})
    assert status == 403
    assert "access-control-allow-origin" not in headers
    body = web_body(document_service_pb2.GetDocumentRequest().SerializeToString())
    _, headers, content = gateway.http("POST", GET, web_headers(gateway.token(), origin), body)
    assert headers["grpc-status"] == str(grpc.StatusCode.PERMISSION_DENIED.value[0])
    assert web_answer(content)[0] == []


def forged(gateway: Gateway) -> dict[str, str]:
    """Tokens that must not pass, each wrong in one way."""
    now = int(time.time())
    good = {
        "iss": "dochub-identity",
        "aud": "dochub",
        "sub": "1",
        "tid": "1",
        "iat": now,
        "exp": now + 600,
    }
    key_set = json.loads((gateway.folder / "jwks" / "edge.json").read_text())["keys"][0]
    public, kid = key_set["x"], key_set["kid"]
    own = gateway.signer()._key
    stranger = Ed25519PrivateKey.generate()

    def signed(claims: dict[str, object], key: Ed25519PrivateKey = own, **header: str) -> str:
        return jwt.encode(claims, key, "EdDSA", {"kid": kid, "typ": "at+jwt", **header})

    def part(value: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()

    mac = f"{part({'alg': 'HS256', 'kid': kid})}.{part(good)}"
    digest = hmac.digest(public.encode(), mac.encode(), hashlib.sha256)
    valid = signed(good)
    return {
        "nonsense": "x",
        "cut": valid[:-8],
        "another claim": ".".join(
            [valid.split(".")[0], part({**good, "tid": "2"}), valid.split(".")[2]]
        ),
        "no signature": f"{part({'alg': 'none'})}.{part(good)}.",
        "public key as secret": f"{mac}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}",
        "stranger": signed(good, stranger),
        "stranger by jwk": signed(good, stranger, jku="https://evil.example/jwks.json"),
        "expired": signed({**good, "exp": now - 60}),
        "not yet": signed({**good, "nbf": now + 120}),
        "no end": signed({key: value for key, value in good.items() if key != "exp"}),
        "other issuer": signed({**good, "iss": "dochub"}),
        "other audience": signed({**good, "aud": "dochub-service:document"}),
        "service of another key": gateway.signer("document").service_token("document", "1"),
        "service of identity's key": gateway.signer().service_token("document", "1"),
    }


def test_a_call_without_token_is_refused(gateway: Gateway) -> None:
    with gateway.channel() as channel:
        stub = document_service_pb2_grpc.DocumentServiceStub(channel)
        error = refusal(lambda: stub.GetDocument(document_service_pb2.GetDocumentRequest()))
    assert error.code() is grpc.StatusCode.UNAUTHENTICATED


def test_no_forged_token_passes(gateway: Gateway) -> None:
    request = document_service_pb2.GetDocumentRequest()
    with gateway.channel() as channel:
        stub = document_service_pb2_grpc.DocumentServiceStub(channel)
        codes = {
            name: stub.GetDocument.future(request, metadata=bearer(token)).code()
            for name, token in forged(gateway).items()
        }
    assert {name: code for name, code in codes.items() if code not in REFUSED} == {}


def test_a_token_is_taken_from_its_header_alone(gateway: Gateway) -> None:
    path = f"{GET}?access_token={gateway.token()}"
    _, headers, _ = gateway.http("POST", path, web_headers(), web_body(b""))
    assert headers["grpc-status"] == "16"


def test_signing_in_needs_no_token_and_is_never_tried_again(gateway: Gateway) -> None:
    with gateway.channel() as channel:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel)
        counts = [int(stub.Login(auth_service_pb2.LoginRequest()).access_token) for _ in range(2)]
        error = refusal(lambda: stub.Login(auth_service_pb2.LoginRequest(email="fail@x")))
        later = [int(stub.Login(auth_service_pb2.LoginRequest()).access_token) for _ in range(2)]
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    # Two replicas take turns: five calls of ours are five calls there.
    assert sum(later) - sum(counts) == 3


def test_a_request_over_the_limit_is_refused_and_the_connection_lives(gateway: Gateway) -> None:
    with gateway.channel() as channel:
        stub = upload_service_pb2_grpc.UploadServiceStub(channel)
        metadata = bearer(gateway.token())
        part = upload_service_pb2.UploadPartRequest(data=bytes(4 * MIB))
        stub.UploadPart(part, metadata=metadata)
        large = upload_service_pb2.UploadPartRequest(data=bytes(5 * MIB + 1))
        error = refusal(lambda: stub.UploadPart(large, metadata=metadata))
        stub.UploadPart(part, metadata=metadata)
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert str(5 * MIB) in (error.details() or "")
    assert "parts of at most 4 MiB" in (error.details() or "")


def test_a_web_client_is_told_the_limit_too(gateway: Gateway) -> None:
    part = upload_service_pb2.UploadPartRequest(data=bytes(5 * MIB)).SerializeToString()
    path = "/dochub.document.v1.UploadService/UploadPart"
    status, headers, _ = gateway.http("POST", path, web_headers(gateway.token()), web_body(part))
    assert status == 200  # or the client would not look at the next two
    assert headers["grpc-status"] == str(grpc.StatusCode.RESOURCE_EXHAUSTED.value[0])
    assert "parts of at most 4 MiB" in headers["grpc-message"]
    assert headers["access-control-allow-origin"] == ORIGIN


def test_what_only_the_gateway_may_say_is_taken_off(gateway: Gateway) -> None:
    seen = headers_seen(
        gateway,
        ("x-dochub-tenant", "1"),
        ("x-dochub-person", "1"),
        ("x-forwarded-for", "203.0.113.9"),
        ("x-forwarded-client-cert", "By=spiffe://admin"),
        ("forwarded", "for=203.0.113.9"),
        ("x-real-ip", "203.0.113.9"),
        ("x-envoy-upstream-rq-timeout-ms", "1"),
        ("x-envoy-retry-on", "5xx"),
        ("harmless", "kept"),
    )
    # One address; for a peer on loopback Envoy names the machine's own.
    assert ipaddress.ip_address(seen["x-forwarded-for"]) != ipaddress.ip_address("203.0.113.9")
    assert seen["harmless"] == "kept"
    assert "authorization" in seen
    assert not [name for name in seen if name.startswith(("x-dochub-", "x-forwarded-client"))]
    assert not {"forwarded", "x-real-ip", "x-envoy-retry-on"} & set(seen)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", GET),
        ("POST", "/dochub.document.v1.DocumentService/Nothing"),
        ("POST", "/dochub.document.v1.DocumentService/getdocument"),
        ("POST", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"),
        ("POST", "/"),
    ],
)
def test_only_the_calls_of_the_contract_have_a_way_in(
    gateway: Gateway, method: str, path: str
) -> None:
    headers = {"content-type": "application/json", "authorization": f"Bearer {gateway.token()}"}
    status, _, _ = gateway.http(method, path, headers)
    assert status == 404


def test_a_form_of_another_page_has_no_way_in(gateway: Gateway) -> None:
    headers = {"content-type": "text/plain", "authorization": f"Bearer {gateway.token()}"}
    assert gateway.http("POST", GET, headers, b"x")[0] == 404


def test_one_address_is_held_to_its_rate(start: Callable[..., Started]) -> None:
    request = auth_service_pb2.LoginRequest()
    with start(rate_per_s=1, burst=20, replicas=1) as (gateway, _), gateway.channel() as channel:
        stub = auth_service_pb2_grpc.AuthServiceStub(channel)
        codes = [stub.Login.future(request).code() for _ in range(40)]
    refused = [code for code in codes if code is not grpc.StatusCode.OK]
    assert len(refused) >= 15
    assert set(refused) == {grpc.StatusCode.RESOURCE_EXHAUSTED}


def test_the_log_has_one_line_a_call_and_no_secret(gateway: Gateway) -> None:
    token = gateway.token()
    marker = "QuerySecret5f1"
    gateway.http("POST", f"{GET}?signature={marker}", web_headers(token), web_body(b""))
    with gateway.channel() as channel:
        document_service_pb2_grpc.DocumentServiceStub(channel).GetDocument(
            document_service_pb2.GetDocumentRequest(), metadata=bearer(token)
        )
    tenant = jwt.decode(token, options={"verify_signature": False})["tid"]
    lines = read_log_until(gateway, tenant, 2)
    assert {line["path"] for line in lines} == {GET}
    assert marker not in access_log(gateway)
    assert token[-20:] not in access_log(gateway)
    assert "Bearer" not in access_log(gateway)


def access_log(gateway: Gateway) -> str:
    return Path(gateway.plan.access_log).read_text()


def read_log_until(gateway: Gateway, tenant: str, count: int) -> list[dict[str, str]]:
    """Wait for Envoy to flush its log, which it does once a second."""
    end = time.monotonic() + 15
    while time.monotonic() < end:
        records = [json.loads(line) for line in access_log(gateway).splitlines()]
        found = [one for one in records if one["tenant_id"] == tenant]
        if len(found) == count:
            return found
        time.sleep(0.05)
    pytest.fail(f"no {count} lines of tenant {tenant} in the log")


def test_a_client_that_dawdles_with_its_headers_is_cut_off(gateway: Gateway) -> None:
    context = ssl.create_default_context(cadata=gateway.authority.decode())
    with (
        socket.create_connection(("127.0.0.1", gateway.plan.listen.port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as connection,
    ):
        began = time.monotonic()
        connection.sendall(f"POST {GET} HTTP/1.1\r\nhost: localhost\r\nx-slow: ".encode())
        answer = connection.recv(65536)
        took_s = time.monotonic() - began
    assert not answer or b" 408 " in answer.splitlines()[0]
    assert 8 < took_s < 13


def test_browsers_are_told_to_come_over_tls_only(gateway: Gateway) -> None:
    message = document_service_pb2.GetDocumentRequest(id="1").SerializeToString()
    _, headers, _ = gateway.http("POST", GET, web_headers(gateway.token()), web_body(message))
    assert headers["strict-transport-security"] == "max-age=31536000"
