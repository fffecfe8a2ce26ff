"""`dochub login`, `upload` and `documents`: talking to a hub that runs."""

from pathlib import Path
from typing import Annotated

import typer

from hubctl.commands.hub import DATA_DIR

documents = typer.Typer(help="Documents of the hub.", no_args_is_help=True)

DataDir = Annotated[Path, DATA_DIR]
Url = Annotated[
    str | None,
    typer.Option(envvar="DOCHUB_URL", help="The hub, such as https://hub.example:8443."),
]
CaFile = Annotated[Path | None, typer.Option(envvar="DOCHUB_CA_FILE", help="Certificate to trust.")]
AsJson = Annotated[bool, typer.Option("--json", help="As JSON.")]
HERE = Path(".dochub")


def register(app: typer.Typer) -> None:
    """Add the commands of this subject."""
    app.command()(login)
    app.command()(logout)
    app.command()(upload)
    app.add_typer(documents, name="documents")


def login(
    *,
    email: Annotated[str, typer.Option(help="E-mail address; asked for if missing.")] = "",
    tenant: Annotated[str, typer.Option(help="Tenant, for a person who has several.")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="File with the password; asked for if missing.")
    ] = None,
    data_dir: DataDir = HERE,
    url: Url = None,
    ca_file: CaFile = None,
) -> None:
    """Sign in and remember the session, in a file that only you can read.

    Finds the hub of `dochub up` by its data directory; any other by --url. For example:

      dochub login

      dochub login --url https://hub.example --email ann@example.com
    """
    from hubctl import talking  # noqa: PLC0415 - `--help` stays quick

    talking.sign_in(talking.Where(data_dir, url, ca_file), email, tenant, password_file)


def logout(data_dir: DataDir = HERE, url: Url = None, ca_file: CaFile = None) -> None:
    """End the session, here and at the hub."""
    from hubctl import talking  # noqa: PLC0415 - `--help` stays quick

    talking.sign_out(talking.Where(data_dir, url, ca_file))


def upload(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)],
    *,
    wait: Annotated[bool, typer.Option("--wait", help="Stay until all are read.")] = False,
    json: AsJson = False,
    data_dir: DataDir = HERE,
    url: Url = None,
    ca_file: CaFile = None,
) -> None:
    """Upload files and folders; with --wait, follow the reading and show the fields.

    A broken connection is taken up where it broke. Exit status 1 if any file failed; the others
    go on. For example:

      dochub upload invoice.pdf --wait

      dochub upload ~/paper --json > uploaded.jsonl
    """
    from hubctl import uploading  # noqa: PLC0415 - `--help` stays quick
    from hubctl.talking import Where  # noqa: PLC0415 - the same

    where = Where(data_dir, url, ca_file)
    raise typer.Exit(uploading.upload(where, paths, wait=wait, as_json=json))


@documents.command("list")
def list_documents(
    *,
    state: Annotated[
        list[str] | None,
        typer.Option(help="UPLOADED, PROCESSING, FAILED or NEEDS_REVIEW; may be repeated."),
    ] = None,
    document_type: Annotated[
        list[str] | None, typer.Option("--type", help="Such as invoice; may be repeated.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
    json: AsJson = False,
    data_dir: DataDir = HERE,
    url: Url = None,
    ca_file: CaFile = None,
) -> None:
    """List documents, newest first."""
    from hubctl import talking  # noqa: PLC0415 - `--help` stays quick

    where = talking.Where(data_dir, url, ca_file)
    talking.list_documents(where, state or [], document_type or [], limit, as_json=json)


@documents.command("show")
def show_document(
    document_id: Annotated[str, typer.Argument(metavar="ID")],
    json: AsJson = False,
    data_dir: DataDir = HERE,
    url: Url = None,
    ca_file: CaFile = None,
) -> None:
    """Show a document with its fields and line items."""
    from hubctl import talking  # noqa: PLC0415 - `--help` stays quick

    talking.show_document(talking.Where(data_dir, url, ca_file), document_id, as_json=json)


@documents.command("download")
def download_document(
    document_id: Annotated[str, typer.Argument(metavar="ID")],
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="File or folder; here by default.")
    ] = None,
    data_dir: DataDir = HERE,
    url: Url = None,
    ca_file: CaFile = None,
) -> None:
    """Get a document's file as it was uploaded; an existing file is not overwritten."""
    from hubctl import talking  # noqa: PLC0415 - `--help` stays quick

    talking.download_document(talking.Where(data_dir, url, ca_file), document_id, out)
