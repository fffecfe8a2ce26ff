"""A server of one's own: the administrator's script, then the migrations."""

import asyncio
import subprocess
from pathlib import Path

from sqlalchemy.engine import make_url

from hubkit.sql import migrate
from hubkit.sql.database import Database
from hubkit.sql.embedded import DATABASE, OWNER, wheel_binaries
from hubkit.testing.postgres import Cluster, FreshDatabase

ROLES_SQL = Path(__file__).parents[2] / "db" / "roles.sql"


def test_administrators_script_is_all_that_migrations_need() -> None:
    with Cluster() as own:
        own.run(f"DROP DATABASE {DATABASE}")
        own.run(f"DROP ROLE {OWNER}")
        password = own.server.password(OWNER)
        subprocess.run(
            [
                *(wheel_binaries() / "psql", own.server.admin_dsn, "--set", "ON_ERROR_STOP=1"),
                *("--quiet", "--set", f"owner_password='{password}'", "--file", ROLES_SQL),
            ],
            check=True,
        )
        database = FreshDatabase(own.server, DATABASE)
        settings = database.settings("dochub_document")
        secret = str(make_url(settings.dsn.get_secret_value()).password)

        async def run() -> None:
            await migrate.upgrade(database.dsn(OWNER), {"dochub_document": secret})
            async with Database.open(settings) as opened:
                await migrate.check_current(opened)

        asyncio.run(run())
