"""The `dochub` command: what there is, and how failures are told."""

import sys

import typer

from hubctl.commands import client, database, gateway, hub, matching, reading

app = typer.Typer(
    name="dochub",
    help=(
        "Document Hub: reads a company's paper, extracts typed fields, serves them over gRPC.\n\n"
        "Read files here and now, without a server:\n\n"
        "  dochub ocr invoice.pdf\n\n"
        "Or run the hub and talk to it:\n\n"
        "  dochub up                            in one shell\n\n"
        "  dochub login                         in another\n\n"
        "  dochub upload invoice.pdf --wait\n\n"
        "  dochub documents list\n\n"
        "Everything lies in one data directory, .dochub unless you say --data-dir. "
        "`dochub COMMAND --help` teaches a command."
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
)
for part in (hub, reading, matching, database, client, gateway):
    part.register(app)


def main() -> None:
    """Run the command line; failures that are expected end it with one sentence and status 1."""
    from hubkit.core.errors import HubError  # noqa: PLC0415 - `--help` needs none of it

    try:
        app()
    except HubError as error:
        sys.exit(f"dochub: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
