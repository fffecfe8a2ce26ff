"""`dochub up` and `dochub demo`: the whole hub on one computer."""

from pathlib import Path
from typing import Annotated

import typer

DATA_DIR = typer.Option(
    "--data-dir",
    envvar="DOCHUB_DATA_DIR",
    help="Where everything is kept: database, files, keys, logs.",
    show_default=True,
)


def register(app: typer.Typer) -> None:
    """Add the commands of this subject."""
    app.command()(up)
    app.command()(demo)


def up(
    data_dir: Annotated[Path, DATA_DIR] = Path(".dochub"),
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 lets the network in.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8443,
    origin: Annotated[
        list[str] | None,
        typer.Option(help="A web page's origin that may call, such as https://hub.example."),
    ] = None,
    rate: Annotated[int, typer.Option(min=1, help="Requests a second from one address.")] = 1000,
) -> None:
    """Start the whole hub and stay up until Ctrl-C.

    Starts PostgreSQL, the reader, the services and the gateway as processes of this computer and
    restarts any that ends. The first start makes an administrator and shows the password once.

    For example:

      dochub up

      dochub up --data-dir /srv/dochub --port 9443

      dochub up --host 0.0.0.0 --origin https://hub.example
    """
    from hubctl.running import run_up  # noqa: PLC0415 - `--help` stays quick

    run_up(data_dir, host, port, tuple(origin or ()), rate)


def demo(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(metavar="PATH", help="Files to read instead of the samples."),
    ] = None,
) -> None:
    """Start everything in a temporary place, read the sample documents, stop.

    Shows each page as it is read and the fields with their confidence. Leaves nothing behind.
    """
    from hubctl.showing import run_demo  # noqa: PLC0415 - `--help` stays quick

    raise typer.Exit(run_demo(paths or []))
