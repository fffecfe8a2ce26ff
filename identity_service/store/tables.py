"""The tables of the schema `identity`."""

from typing import Final

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, UUID

METADATA: Final = MetaData(schema="identity")

_ID: Final = UUID(as_uuid=False)
_TIME: Final = DateTime(timezone=True)
_TENANT: Final = text("nullif(current_setting('app.tenant', true), '')::uuid")
"""A token's tenant is the transaction's own, so that no statement can name another."""

tenant = Table(
    "tenant",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("disable_time", _TIME),
)

person = Table(
    "person",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("password_time", _TIME, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("disable_time", _TIME),
)

membership = Table(
    "membership",
    METADATA,
    Column("tenant_id", _ID, ForeignKey(tenant.c.id), primary_key=True),
    Column("person_id", _ID, ForeignKey(person.c.id), primary_key=True),
    Column("role", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Index("membership_person", "person_id"),
)

session = Table(
    "session",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey(tenant.c.id), nullable=False),
    Column("person_id", _ID, ForeignKey(person.c.id), nullable=False),
    Column("start_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("end_time", _TIME),
    Column("end_reason", Text),
    Index("session_expiry", "expire_time"),
    Index("session_person", "tenant_id", "person_id"),
)

refresh_token = Table(
    "refresh_token",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("tenant_id", _ID, nullable=False, server_default=_TENANT),
    Column("session_id", _ID, ForeignKey(session.c.id, ondelete="CASCADE"), nullable=False),
    Column("issue_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("rotate_time", _TIME),
    Column("sealed_successor", LargeBinary),
    Index("refresh_token_session", "session_id"),
)

login_throttle = Table(
    "login_throttle",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("tries", ARRAY(_TIME), nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Index("login_throttle_expiry", "expire_time"),
)
