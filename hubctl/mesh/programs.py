"""What the mesh on one computer consists of: commands and settings of every process."""

import json
import os
import signal
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from hubctl.gateway.binary import envoy_command
from hubctl.gateway.render import Endpoint, GatewayPlan
from hubctl.mesh.directory import DataDirectory
from hubctl.mesh.ports import LOOPBACK, free_ports
from hubctl.mesh.process import Program
from hubkit.sql.embedded import STOP_SIGNAL, EmbeddedPostgres

SERVICES: Final = ("ocr", "identity", "document")
"""In the order of their start; they stop in the opposite order."""

ROLES: Final = {"identity": "dochub_identity", "document": "dochub_document"}
"""The database role of each service that has one."""

_POSTGRES_STOP_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where everything listens.

    Attributes:
        gateway: The only door for clients.
        admin: Envoy's own.
        services: By short name.
    """

    gateway: Endpoint
    admin: Endpoint
    services: Mapping[str, Endpoint]

    @classmethod
    def choose(cls, host: str, port: int) -> "Addresses":
        """Find free ports for all but the gateway, whose port is given; 0 chooses that too."""
        gateway, admin, *rest = free_ports(2 + len(SERVICES))
        services = dict(zip(SERVICES, (Endpoint(LOOPBACK, one) for one in rest), strict=True))
        return cls(Endpoint(host, port or gateway), Endpoint(LOOPBACK, admin), services)

    @property
    def url(self) -> str:
        """The gateway as a client on this computer names it."""
        host = "localhost" if self.gateway.host in {LOOPBACK, "0.0.0.0", "::"} else None  # noqa: S104 - compared
        return f"https://{Endpoint(host or self.gateway.host, self.gateway.port)}"

    @property
    def names(self) -> tuple[str, ...]:
        """What the gateway's certificate must name."""
        usual = ("localhost", LOOPBACK, "::1")
        special = self.gateway.host in {*usual, "0.0.0.0", "::"}  # noqa: S104 - compared
        return usual if special else (*usual, self.gateway.host)

    @property
    def origins(self) -> tuple[str, ...]:
        """The gateway's own pages, as browsers name them."""
        port = self.gateway.port
        return (f"https://localhost:{port}", f"https://{LOOPBACK}:{port}")


def gateway_plan(
    directory: DataDirectory, addresses: Addresses, origins: tuple[str, ...], rate_per_s: int
) -> GatewayPlan:
    """Plan the gateway of one computer."""
    return GatewayPlan(
        listen=addresses.gateway,
        admin=addresses.admin,
        certificate_file=str(directory.tls / "cert.pem"),
        private_key_file=str(directory.tls / "key.pem"),
        jwks_file=str(directory.jwks / "edge.json"),
        upstreams={name: (endpoint,) for name, endpoint in addresses.services.items()},
        origins=(*addresses.origins, *origins),
        rate_per_s=rate_per_s,
        burst=2 * rate_per_s,
        reflection=True,
        access_log=str(directory.logs / "access.log"),
    )


def postgres_program(directory: DataDirectory, database: EmbeddedPostgres) -> Program:
    """Run the database."""
    return Program(
        name="postgres",
        command=tuple(database.command()),
        environment=database.environment,
        log=directory.logs / "postgres.log",
        user=database.user,
        stop_signal=STOP_SIGNAL,
        stop_within_s=_POSTGRES_STOP_S,
        # Not SIGKILL: it would leave its own children and shared memory to the next start.
        death_signal=signal.SIGINT,
    )


def service_program(
    name: str,
    directory: DataDirectory,
    addresses: Addresses,
    database: EmbeddedPostgres,
    origins: tuple[str, ...],
) -> Program:
    """Run a service; the variables we were started with reach it, under ours."""
    settings = {
        "DOCHUB_SERVER__LISTEN": str(addresses.services[name]),
        "DOCHUB_SERVER__JWKS_FILE": str(directory.jwks / "mesh.json"),
        "DOCHUB_SERVER__SERVICE_KEY_FILE": str(directory.keys / f"{name}.pem"),
        "DOCHUB_SERVER__REFLECTION": "true",
    }
    if name != "identity":
        settings["DOCHUB_SERVER__IDENTITY_TARGET"] = str(addresses.services["identity"])
    if role := ROLES.get(name):
        settings["DOCHUB_DATABASE__DSN"] = database.dsn(role)
    if name == "identity":
        settings["DOCHUB_BROWSER_ORIGINS"] = json.dumps([*addresses.origins, *origins])
        settings["DOCHUB_DATA_KEY_FILE"] = str(directory.keys / "identity-data.key")
        settings["DOCHUB_AUDIT__HEADS_DIR"] = str(directory.root / "audit")
        settings.update(_mail_settings(directory, addresses))
    else:
        settings["DOCHUB_BLOBS__KIND"] = "filesystem"
        settings["DOCHUB_BLOBS__ROOT"] = str(directory.blobs)
    if name == "document":
        settings["DOCHUB_OCR_TARGET"] = str(addresses.services["ocr"])
    return Program(
        name=name,
        command=(sys.executable, "-m", f"{name}_service"),
        environment={**os.environ, **settings},
        log=directory.logs / f"{name}.log",
    )


def _mail_settings(directory: DataDirectory, addresses: Addresses) -> dict[str, str]:
    """Let letters go into a folder, unless a mail server is named in our own environment."""
    settings = {
        "DOCHUB_MAIL__OUTBOX": str(directory.root / "outbox"),
        "DOCHUB_MAIL__LINK": f"{addresses.url}/password#",
    }
    return {name: value for name, value in settings.items() if name not in os.environ}


def envoy_program(directory: DataDirectory) -> Program:
    """Run the gateway."""
    return Program(
        name="envoy",
        command=tuple(envoy_command(directory.run / "envoy.yaml")),
        environment={"PATH": os.defpath},
        log=directory.logs / "envoy.log",
    )
