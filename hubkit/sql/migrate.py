"""Brings the database to the schema of this program, and refuses to run on an older one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from hubkit.core.errors import PreconditionFailed
from hubkit.sql.database import Database
from hubkit.sql.errors import translated, unavailable
from hubkit.sql.scram import scram_verifier

MIGRATIONS: Final = Path(__file__).parents[2] / "db" / "migrations"

_LOCK: Final = 0x646F63687562  # "dochub": one migration at a time in a database


async def upgrade(owner_dsn: str, passwords: Mapping[str, str]) -> None:
    """Run every migration that is missing, in one transaction, and set the roles' passwords.

    Args:
        owner_dsn: Address as `dochub_owner`.
        passwords: Of the services' login roles, by role, such as `dochub_document`.
    """
    url = make_url(owner_dsn).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, poolclass=NullPool)
    try:
        with translated():
            async with engine.begin() as connection:
                await connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
                await connection.run_sync(_run_migrations)
                for role, password in passwords.items():
                    await connection.run_sync(_set_password, role, password)
    except OSError as error:
        raise unavailable() from error
    finally:
        await engine.dispose()


async def check_current(database: Database) -> None:
    """Let a service start only on a schema that has everything it was written for.

    A newer schema is fine: migrations keep the program before them working.

    Raises:
        PreconditionFailed: The schema is older, or not there.
    """
    scripts = ScriptDirectory(str(MIGRATIONS))
    head = scripts.get_current_head()
    try:
        async with database.transaction(None) as connection:
            current = await connection.scalar(text("SELECT bus.schema_version()"))
    except DBAPIError:  # no such schema, function or right: what is there is none of ours
        current = None
    if current != head and (current is None or _is_known(scripts, str(current))):
        raise PreconditionFailed(
            f"the database is at migration {current or 'none'}, this program needs {head}: "
            "run `dochub migrate`"
        )


def alembic_config(connection: Connection) -> Config:
    """Configure Alembic to work on a connection."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _run_migrations(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")


def _set_password(connection: Connection, role: str, password: str) -> None:
    statement = connection.scalar(
        text(
            "SELECT format('ALTER ROLE %I PASSWORD %L', CAST(:role AS text), CAST(:secret AS text))"
        ),
        {"role": role, "secret": scram_verifier(password)},
    )
    connection.exec_driver_sql(str(statement))


def _is_known(scripts: ScriptDirectory, revision: str) -> bool:
    try:
        return scripts.get_revision(revision) is not None
    except CommandError:
        return False
