"""Fills the gateway's template: one for the laptop, for containers and for a cluster."""

import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from jinja2 import Environment, StrictUndefined

from hubctl.gateway.routes import SERVICES, routes
from hubkit.core.errors import InvalidArgument
from hubkit.tokens import PERSON_AUDIENCE, PERSON_ISSUER

TEMPLATE: Final = Path(__file__).parents[2] / "gateway" / "envoy.yaml"

REQUEST_LIMIT: Final = 5 * 1024 * 1024
"""Bytes of one request: a part of 4 MiB with room for its envelope."""

REPLIES: Final = (
    (
        413,
        8,  # RESOURCE_EXHAUSTED
        f"the request is larger than the limit of {REQUEST_LIMIT} bytes; "
        "send a file in parts of at most 4 MiB",
    ),
    (408, 4, "the request did not arrive in time"),  # DEADLINE_EXCEEDED
    (504, 4, "the answer took longer than allowed"),  # DEADLINE_EXCEEDED
)
"""What Envoy answers by itself: the HTTP status it thinks of, the gRPC status, and our words."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where something listens."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str, field: str) -> "Endpoint":
        """Read `host:port`; an IPv6 host stands in brackets.

        Raises:
            InvalidArgument: It is not of that form.
        """
        host, _, port = text.strip().rpartition(":")
        host = host.removeprefix("[").removesuffix("]")
        if not host or not port.isdecimal() or not 0 < int(port) < 65536:
            raise InvalidArgument(f"{field} must be host:port, not {text!r}", field=field)
        return cls(host, int(port))

    @property
    def is_address(self) -> bool:
        """Whether the host is an IP address and needs no name server."""
        try:
            ipaddress.ip_address(self.host)
        except ValueError:
            return False
        return True

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """What differs from one place to another.

    Attributes:
        listen: Where clients come in.
        admin: Envoy's own door, on loopback.
        certificate_file: PEM chain, as Envoy sees the path; so are the next two.
        private_key_file: PEM key.
        jwks_file: Public keys that may sign for people.
        upstreams: Replicas of each service, by its short name.
        origins: Web origins that may call, such as `https://hub.example`; no others.
        rate_per_s: Requests a second that one address may make for long.
        burst: Requests that one address may make at once.
        reflection: Whether the list of RPCs may be asked for, without a token.
        access_log: A path, or `/dev/stdout`.
    """

    listen: Endpoint
    admin: Endpoint
    certificate_file: str
    private_key_file: str
    jwks_file: str
    upstreams: Mapping[str, tuple[Endpoint, ...]]
    origins: tuple[str, ...] = ()
    rate_per_s: int = 500
    burst: int = 1000
    reflection: bool = False
    access_log: str = "/dev/stdout"

    @property
    def jwks_route_file(self) -> str:
        """The key set as Envoy serves it to itself, beside the key set."""
        return str(PurePosixPath(self.jwks_file).with_suffix(".route.json"))


def render(plan: GatewayPlan) -> str:
    """Write Envoy's configuration.

    Raises:
        InvalidArgument: The plan would open more than it says, or lacks a service.
    """
    _check(plan)
    # The output is YAML, where every value is written as JSON: no HTML escaping, no injection.
    environment = Environment(  # noqa: S701
        undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters["q"] = lambda value: json.dumps(str(value))
    return environment.from_string(TEMPLATE.read_text()).render(
        plan=plan,
        routes=routes(),
        request_limit=REQUEST_LIMIT,
        replies=REPLIES,
        issuer=PERSON_ISSUER,
        audience=PERSON_AUDIENCE,
    )


def _check(plan: GatewayPlan) -> None:
    if not plan.admin.is_address or not ipaddress.ip_address(plan.admin.host).is_loopback:
        raise InvalidArgument(
            "Envoy's admin door takes orders from anybody: it must be on loopback", field="admin"
        )
    for service in SERVICES:
        if not plan.upstreams.get(service):
            raise InvalidArgument(f"name at least one address of {service}", field=service)
    for origin in plan.origins:
        scheme, separator, rest = origin.partition("://")
        if scheme not in {"http", "https"} or not separator or not rest or set(rest) & set("/*?# "):
            raise InvalidArgument(
                f"an origin is a scheme and a host, such as https://hub.example, not {origin!r}",
                field="origin",
            )
    if plan.rate_per_s < 1 or plan.burst < plan.rate_per_s:
        raise InvalidArgument(
            "the rate must be at least 1 and the burst no less than the rate", field="rate"
        )
