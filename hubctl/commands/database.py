"""`dochub migrate`, `dochub admin` and `dochub keys`: what an operator does to a hub's insides."""

from pathlib import Path
from typing import Annotated

import typer

from hubctl.commands.hub import DATA_DIR

admin = typer.Typer(help="People who run a tenant.", no_args_is_help=True)

DSN = typer.Option(
    "--dsn-file",
    envvar="DOCHUB_OWNER_DSN_FILE",
    help="File with the database's address as dochub_owner; without it, the data directory's own.",
)
PASSWORD_FILE = typer.Option(help="File with the password; without it, one is made up and shown.")


def register(app: typer.Typer) -> None:
    """Add the commands of this subject."""
    app.command()(migrate)
    app.command()(keys)
    app.add_typer(admin, name="admin")


def migrate(
    data_dir: Annotated[Path, DATA_DIR] = Path(".dochub"),
    dsn_file: Annotated[Path | None, DSN] = None,
    role_password: Annotated[
        list[str] | None,
        typer.Option(help="ROLE=FILE: set a service role's password; may be repeated."),
    ] = None,
) -> None:
    """Bring a database up to date; safe to repeat, and while services run.

    `dochub up` does this by itself. Elsewhere, run it before the services of a new version:

      dochub migrate --dsn-file owner.dsn --role-password dochub_identity=identity.password
      --role-password dochub_document=document.password
    """
    from hubctl.operating import run_migrations  # noqa: PLC0415 - `--help` stays quick

    run_migrations(data_dir, dsn_file, role_password or [])


def keys(
    folder: Annotated[Path, typer.Argument(help="Holds keys/, jwks/ and tls/ afterwards.")],
    name: Annotated[
        list[str] | None, typer.Option(help="A name in the gateway's certificate; repeatable.")
    ] = None,
    rotate: Annotated[
        bool, typer.Option("--rotate", help="Take the next step in changing the keys that sign.")
    ] = False,
) -> None:
    """Make the keys, key sets and certificate that are missing; what is there stays.

    `dochub up` does this by itself. To change the keys that sign, while the hub serves:

      dochub keys .dochub --rotate

    and again when it says, until it is done: new keys are published before they sign, and old ones
    stay published until nothing that they signed is good any more.
    """
    from hubctl.operating import change_keys, make_keys  # noqa: PLC0415 - `--help` stays quick

    if rotate:
        change_keys(folder)
    else:
        make_keys(folder, name or ["localhost"])


@admin.command()
def create(
    email: Annotated[str, typer.Argument(help="E-mail address.")],
    *,
    tenant: Annotated[str, typer.Option(help="Short name of the tenant; made if it is new.")],
    tenant_name: Annotated[str, typer.Option(help="Name of a new tenant, for people.")] = "",
    name: Annotated[str, typer.Option(help="The person's name.")] = "",
    password_file: Annotated[Path | None, PASSWORD_FILE] = None,
    data_dir: Annotated[Path, DATA_DIR] = Path(".dochub"),
    dsn_file: Annotated[Path | None, DSN] = None,
) -> None:
    """Make an administrator, and the tenant if need be; safe to repeat.

    The hub must be up. For example:

      dochub admin create ann@example.com --tenant acme --tenant-name "Acme Ltd"
    """
    from hubctl.operating import create_administrator  # noqa: PLC0415 - `--help` stays quick

    create_administrator(
        data_dir,
        dsn_file,
        email=email,
        tenant=tenant,
        tenant_name=tenant_name,
        name=name,
        password_file=password_file,
    )


@admin.command()
def password(
    email: Annotated[str, typer.Argument(help="E-mail address.")],
    password_file: Annotated[Path | None, PASSWORD_FILE] = None,
    data_dir: Annotated[Path, DATA_DIR] = Path(".dochub"),
    dsn_file: Annotated[Path | None, DSN] = None,
) -> None:
    """Give a person another password and end their sessions. The hub must be up."""
    from hubctl.operating import change_password  # noqa: PLC0415 - `--help` stays quick

    change_password(data_dir, dsn_file, email, password_file)
