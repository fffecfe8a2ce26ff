"""The tables of the schema `identity`."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
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
    Column("locale", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
)

person = Table(
    "person",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("email", Text, nullable=False, unique=True),
    Column("display_name", Text, nullable=False),
    Column("password_hash", Text),
    Column("password_time", _TIME, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("disable_time", _TIME),
    Column("totp_secret", LargeBinary),
    Column("totp_time", _TIME),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery_digests", ARRAY(LargeBinary), nullable=False),
)

membership = Table(
    "membership",
    METADATA,
    Column("tenant_id", _ID, ForeignKey(tenant.c.id), primary_key=True),
    Column("person_id", _ID, ForeignKey(person.c.id), primary_key=True),
    Column("role", Text, nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("epoch_time", _TIME),
    Column("disable_time", _TIME),
    Index("membership_person", "person_id"),
    Index("membership_epoch_time", "epoch_time"),
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
    Column("source", Text, nullable=False),
    Column("user_agent", Text, nullable=False),
    Index("session_expiry", "expire_time"),
    Index("session_person", "tenant_id", "person_id"),
    Index("session_end_time", "end_time"),
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

mail_secret = Table(
    "mail_secret",
    METADATA,
    Column("digest", LargeBinary, primary_key=True),
    Column("person_id", _ID, ForeignKey(person.c.id), nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Index("mail_secret_person", "person_id"),
)

external_login = Table(
    "external_login",
    METADATA,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("person_id", _ID, ForeignKey(person.c.id), nullable=False),
    Column("link_time", _TIME, nullable=False),
)

api_key = Table(
    "api_key",
    METADATA,
    Column("id", _ID, primary_key=True),
    Column("tenant_id", _ID, ForeignKey(tenant.c.id), nullable=False),
    Column("digest", LargeBinary, nullable=False, unique=True),
    Column("prefix", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("scopes", ARRAY(Text), nullable=False),
    Column("creator_id", _ID, ForeignKey(person.c.id), nullable=False),
    Column("create_time", _TIME, nullable=False),
    Column("expire_time", _TIME, nullable=False),
    Column("last_use_time", _TIME),
    Column("revoke_time", _TIME),
    Index("api_key_tenant", "tenant_id", "id"),
    Index("api_key_revoke_time", "revoke_time"),
)

allowance = Table(
    "allowance",
    METADATA,
    Column("key", LargeBinary, primary_key=True),
    Column("calls", Double, nullable=False),
    Column("time", _TIME, nullable=False),
    Index("allowance_time", "time"),
)

audit_head = Table(
    "audit_head",
    METADATA,
    Column("tenant_id", _ID, primary_key=True),
    Column("seq", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
)

audit_event = Table(
    "audit_event",
    METADATA,
    Column("tenant_id", _ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("payload", Text, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    Column("time", _TIME, nullable=False),
    Column("actor_id", _ID),
    Column("action", Text, nullable=False),
    Column("subject_id", _ID),
)

audit_value = Table(
    "audit_value",
    METADATA,
    Column("tenant_id", _ID, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("person_id", _ID),
    Column("value", Text, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    ForeignKeyConstraint(["tenant_id", "seq"], [audit_event.c.tenant_id, audit_event.c.seq]),
    Index("audit_value_person", "tenant_id", "person_id"),
)
