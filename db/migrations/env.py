"""Runs migrations inside the transaction that `hubkit.sql.migrate` has begun."""

import importlib
from collections.abc import MutableMapping
from typing import Any

from alembic import context
from sqlalchemy import MetaData

SERVICES = ("identity", "document")


def metadata() -> list[MetaData]:
    """Collect the tables that the services declare; nothing else outside a service reads them."""
    names = [f"{service}_service.store.tables" for service in SERVICES]
    return [importlib.import_module(name).METADATA for name in names]


def include_name(name: str | None, kind: str, _parents: MutableMapping[Any, str | None]) -> bool:
    """Leave the bus and the queues out: their tables are no service's to declare."""
    if kind == "schema":
        return name in SERVICES
    return kind != "table" or not (name or "").startswith("pgqueuer")


if context.is_offline_mode():
    raise SystemExit("migrations need a connection: run `dochub migrate`")

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata() if context.config.attributes.get("compares") else None,
    # Comments are for who reads the database; defaults come back from it in another spelling.
    autogenerate_plugins=["alembic.autogenerate.*", "~alembic.autogenerate.comments"],
    include_schemas=True,
    include_name=include_name,
    transactional_ddl=False,  # the caller owns the transaction
)
context.run_migrations()
