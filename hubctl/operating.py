"""What an operator does straight in the database and to the keys."""

import asyncio
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from hubctl.gateway.jwks import write_jwks_route
from hubctl.mesh.certificate import ensure_certificate
from hubctl.mesh.directory import DataDirectory
from hubctl.mesh.programs import ROLES, SERVICES
from hubkit.core.errors import InvalidArgument, PreconditionFailed
from hubkit.sql.embedded import OWNER, EmbeddedPostgres
from hubkit.sql.migrate import upgrade
from hubkit.tokens import IDENTITY, ensure_data_key, generate_keys, rotate_keys
from identity_service.offline import create_admin, set_password


def run_migrations(data_dir: Path, dsn_file: Path | None, role_passwords: Sequence[str]) -> None:
    """Bring the database up to date and set the roles' passwords.

    Raises:
        HubError: It cannot be reached, or a file not be read.
    """
    passwords = {}
    for text in role_passwords:
        role, separator, file = text.partition("=")
        if role not in ROLES.values() or not separator:
            raise InvalidArgument(
                f"--role-password takes ROLE=FILE, with a role of {', '.join(ROLES.values())}",
                field="role_password",
            )
        passwords[role] = secret_of(Path(file))
    if dsn_file is None:
        database = _running(data_dir)
        passwords = {role: database.password(role) for role in ROLES.values()}
    asyncio.run(upgrade(owner_dsn(data_dir, dsn_file), passwords))
    sys.stdout.write("the database is up to date\n")


def make_keys(folder: Path, names: Sequence[str]) -> None:
    """Make what is missing of keys, key sets and the certificate."""
    directory = DataDirectory(folder)
    generate_keys(directory.keys, directory.jwks, SERVICES)
    ensure_data_key(directory.keys, IDENTITY)
    write_jwks_route(directory.jwks / "edge.json")
    ensure_certificate(directory.tls, names, datetime.now(UTC))
    sys.stdout.write(f"keys, key sets and certificate are in {folder}\n")


def change_keys(folder: Path) -> None:
    """Take the next step in changing the keys that sign, if it is due."""
    directory = DataDirectory(folder)
    step = rotate_keys(directory.keys, directory.jwks, SERVICES, time.time())
    write_jwks_route(directory.jwks / "edge.json")
    sys.stdout.write(step + "\n")


def create_administrator(
    data_dir: Path,
    dsn_file: Path | None,
    *,
    email: str,
    tenant: str,
    tenant_name: str,
    name: str,
    password_file: Path | None,
) -> None:
    """Make an administrator and tell what was done."""
    enrolled = asyncio.run(
        create_admin(
            owner_dsn(data_dir, dsn_file),
            email,
            tenant_slug=tenant,
            tenant_name=tenant_name,
            display_name=name,
            password=secret_of(password_file) if password_file else None,
        )
    )
    sys.stdout.write(enrolled.message + "\n")
    _show(enrolled.generated_password)


def change_password(
    data_dir: Path, dsn_file: Path | None, email: str, password_file: Path | None
) -> None:
    """Set a password and tell it if it was made up."""
    chosen = secret_of(password_file) if password_file else None
    made_up = asyncio.run(set_password(owner_dsn(data_dir, dsn_file), email, chosen))
    sys.stdout.write(f"{email} has a new password; their sessions are over\n")
    _show(made_up)


def owner_dsn(data_dir: Path, dsn_file: Path | None) -> str:
    """Give the database's address as its owner.

    Raises:
        PreconditionFailed: No hub is up on the data directory.
    """
    return secret_of(dsn_file) if dsn_file else _running(data_dir).dsn(OWNER)


def secret_of(path: Path) -> str:
    """Read a secret from a file, without the newline that editors add.

    Raises:
        InvalidArgument: It cannot be read, or is empty.
    """
    try:
        secret = path.read_text().strip()
    except OSError as error:
        raise InvalidArgument(f"can't read {path}: {error.strerror}") from None
    if not secret:
        raise InvalidArgument(f"{path} is empty")
    return secret


def _running(data_dir: Path) -> EmbeddedPostgres:
    if DataDirectory(data_dir).read_state() is None:
        raise PreconditionFailed(
            f"no hub runs on {data_dir}: start it with `dochub up`, or name a --dsn-file"
        )
    return EmbeddedPostgres(data_dir)


def _show(password: str | None) -> None:
    if password:
        sys.stdout.write(f"password: {password}  (shown this once)\n")
