"""What migrations are written with: scripts, services with their queues, row security."""

from typing import Final

from alembic import op
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from sqlalchemy import Connection, text

_QUEUE_EXTRAS: Final = """
-- PgQueuer does not count a start that ended with the worker's death; these two do.
ALTER TABLE {schema}.pgqueuer ADD COLUMN starts integer NOT NULL DEFAULT 0;
ALTER TABLE {schema}.pgqueuer ADD COLUMN excused integer NOT NULL DEFAULT 0;
COMMENT ON COLUMN {schema}.pgqueuer.starts IS 'how often a worker began it';
COMMENT ON COLUMN {schema}.pgqueuer.excused IS 'how many of these count as no failure';
-- Where a tenant's last waiting job stands.
CREATE INDEX pgqueuer_tenant_idx ON {schema}.pgqueuer
    (entrypoint, substring(payload FROM 17 FOR 16), priority) WHERE status = 'queued';
"""


def queue_settings(schema: str) -> DBSettings:
    """Name the objects of a service's queue.

    Every name is given, because PgQueuer takes those left out from the environment, under names
    as general as `CHANNEL`.
    """
    return DBSettings(
        prefix="",
        db_schema=schema,
        channel=Channel(f"{schema}_jobs"),
        function="fn_pgqueuer_changed",
        trigger="tg_pgqueuer_changed",
        queue_table="pgqueuer",
        queue_table_log="pgqueuer_log",
        statistics_table="pgqueuer_statistics",
        schedules_table="pgqueuer_schedules",
        queue_status_type="pgqueuer_status",
        # Jobs survive a crash; the log of what became of them need not.
        durability=Durability.balanced,
    )


def run(script: str) -> None:
    """Execute a script of several statements, which prepared statements cannot hold."""
    run_script(op.get_bind(), script)


def run_script(connection: Connection, script: str) -> None:
    """The same on a connection."""
    driver = connection.connection.dbapi_connection
    if driver is None:
        raise RuntimeError("the connection is closed")
    driver.run_async(lambda raw: raw.execute(script))


def add_service(service: str) -> None:
    """Make a service's login role, schema and queue; its tables come after, with rights for it."""
    op.get_bind().execute(text("SELECT bus.add_service(:service)"), {"service": service})
    builder = QueryBuilderEnvironment(queue_settings(service))
    run(builder.build_install_query(create_schema=False))
    run(builder.build_optimize_autovacuum_query())
    run(_QUEUE_EXTRAS.format(schema=service))


def protect(table: str, *, for_owner: bool = False) -> None:
    """Show the rows of a table with a column `tenant_id uuid` to their own tenant alone.

    Args:
        table: Its name with the schema.
        for_owner: Whether functions that run with the owner's rights see every row; only for what
            must be found before a tenant is known.
    """
    op.get_bind().execute(
        text("SELECT bus.protect(CAST(:name AS regclass), :for_owner)"),
        {"name": table, "for_owner": for_owner},
    )


def subscribe(service: str, event_type: str) -> None:
    """Deliver every event of a type to a service, as a job whose kind is that type."""
    op.get_bind().execute(
        text("INSERT INTO bus.subscription (service, event_type) VALUES (:service, :event_type)"),
        {"service": service, "event_type": event_type},
    )
