"""`dochub gateway` and `dochub health`: what containers need that `dochub up` does by itself."""

from pathlib import Path
from typing import Annotated

import typer

gateway = typer.Typer(help="The gateway's configuration.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands of this subject."""
    app.command()(health)
    app.add_typer(gateway, name="gateway")


@gateway.callback()
def subject() -> None:
    """Keep `render` a command of its own although it is the only one."""


@gateway.command()
def render(
    *,
    certificate: Annotated[str, typer.Option(help="PEM chain, as Envoy sees the path.")],
    key: Annotated[str, typer.Option(help="PEM key, as Envoy sees the path.")],
    jwks: Annotated[str, typer.Option(help="edge.json, as Envoy sees the path.")],
    identity: Annotated[str, typer.Option(help="Replicas, as host:port,host:port.")],
    document: Annotated[str, typer.Option(help="Replicas, as host:port,host:port.")],
    ocr: Annotated[str, typer.Option(help="Replicas, as host:port,host:port.")],
    listen: Annotated[str, typer.Option(help="Where clients come in.")] = "0.0.0.0:8443",
    admin: Annotated[str, typer.Option(help="Envoy's own door, on loopback.")] = "127.0.0.1:9901",
    origin: Annotated[
        list[str] | None, typer.Option(help="A web origin that may call; may be repeated.")
    ] = None,
    rate: Annotated[int, typer.Option(min=1, help="Requests a second from one address.")] = 500,
    burst: Annotated[int, typer.Option(min=1, help="Requests at once from one address.")] = 1000,
    reflection: Annotated[
        bool, typer.Option("--reflection", help="Let anybody list the RPCs.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(help="File to write; standard output if none.")
    ] = None,
) -> None:
    """Write Envoy's configuration for containers or a cluster.

    For example:

      dochub gateway render --certificate /tls/cert.pem --key /tls/key.pem
      --jwks /jwks/edge.json --identity identity:50051 --document document:50051
      --ocr ocr-1:50051,ocr-2:50051 --origin https://hub.example --out envoy.yaml
    """
    from hubctl.gateway.render import Endpoint, GatewayPlan  # noqa: PLC0415 - quick `--help`
    from hubctl.gateway.render import render as rendered  # noqa: PLC0415 - the same

    replicas = {"identity": identity, "document": document, "ocr": ocr}
    plan = GatewayPlan(
        listen=Endpoint.parse(listen, "listen"),
        admin=Endpoint.parse(admin, "admin"),
        certificate_file=certificate,
        private_key_file=key,
        jwks_file=jwks,
        upstreams={
            name: tuple(Endpoint.parse(one, name) for one in text.split(","))
            for name, text in replicas.items()
        },
        origins=tuple(origin or ()),
        rate_per_s=rate,
        burst=burst,
        reflection=reflection,
    )
    text = rendered(plan)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text)


def health(
    target: Annotated[str, typer.Argument(help="A service, as host:port.")],
    service: Annotated[str, typer.Option(help="One gRPC service; empty for all.")] = "",
) -> None:
    """Ask a service inside the mesh whether it can work; exit status 1 if not. For containers."""
    from hubctl.gateway.health import is_serving  # noqa: PLC0415 - `--help` stays quick

    raise typer.Exit(0 if is_serving(target, service) else 1)
