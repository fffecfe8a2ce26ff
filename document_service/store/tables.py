"""The tables of the schema `document`; every row belongs to one tenant."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    PrimaryKeyConstraint,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, UUID

SCHEMA: Final = "document"

METADATA = MetaData(schema=SCHEMA)

_Id = UUID(as_uuid=False)
_Time = DateTime(timezone=True)
# The tenant of a new row is the transaction's own, so that no statement can name another.
_TENANT: Final = text("nullif(current_setting('app.tenant', true), '')::uuid")


def _tenant() -> Column[str]:
    return Column("tenant_id", _Id, nullable=False, server_default=_TENANT)


upload = Table(
    "upload",
    METADATA,
    _tenant(),
    Column("id", _Id, primary_key=True),
    Column("filename", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("part_size_bytes", Integer, nullable=False),
    Column("creator_id", _Id),
    Column("state", Text, nullable=False),
    Column("document_id", _Id),
    Column("job_id", _Id),
    Column("refusal", JSONB(none_as_null=True)),
    Column("create_time", _Time, nullable=False),
    Column("expire_time", _Time, nullable=False),
    Index("upload_expiry", "tenant_id", "expire_time"),
)

upload_part = Table(
    "upload_part",
    METADATA,
    _tenant(),
    Column("upload_id", _Id, ForeignKey(upload.c.id, ondelete="CASCADE"), nullable=False),
    Column("index", Integer, nullable=False),
    Column("size_bytes", Integer, nullable=False),
    Column("crc32c", BigInteger, nullable=False),
    PrimaryKeyConstraint("upload_id", "index"),
)

document = Table(
    "document",
    METADATA,
    _tenant(),
    Column("id", _Id, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
    Column("filename", Text, nullable=False),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("file_warnings", JSONB, nullable=False),
    Column("document_type", Text, nullable=False),
    Column("functions", JSONB, nullable=False),
    Column("type_confidence", Float, nullable=False),
    Column("page_count", Integer, nullable=False),
    Column("pages_done", Integer, nullable=False),
    Column("warnings", JSONB, nullable=False),
    Column("error", JSONB(none_as_null=True)),
    Column("current_run_id", _Id, nullable=False),
    Column("run_is_whole", Boolean, nullable=False),
    Column("create_time", _Time, nullable=False),
    Column("update_time", _Time, nullable=False),
    Column("creator_id", _Id),
    Index("document_newest", "tenant_id", "create_time", "id"),
    Index("document_state", "tenant_id", "state", "create_time", "id"),
    Index("document_blob", "tenant_id", "sha256"),
)

run = Table(
    "run",
    METADATA,
    _tenant(),
    Column("id", _Id, primary_key=True),
    Column("document_id", _Id, ForeignKey(document.c.id, ondelete="CASCADE"), nullable=False),
    Column("languages", JSONB, nullable=False),
    Column("force_ocr", Boolean, nullable=False),
    Column("create_time", _Time, nullable=False),
    Index("run_document", "document_id"),
)


def _run_id() -> Column[str]:
    return Column("run_id", _Id, ForeignKey(run.c.id, ondelete="CASCADE"), nullable=False)


page = Table(
    "page",
    METADATA,
    _tenant(),
    Column("document_id", _Id, nullable=False),
    _run_id(),
    Column("number", Integer, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("text_source", Text, nullable=False),
    Column("rotation", Integer, nullable=False),
    Column("skew_degrees", Float, nullable=False),
    Column("mean_confidence", Float, nullable=False),
    Column("line_count", Integer, nullable=False),
    Column("warnings", JSONB, nullable=False),
    Column("error", JSONB(none_as_null=True)),
    Column("layout", LargeBinary, nullable=False),
    Column("transform", JSONB, nullable=False),
    Column("image_sha256", Text),
    Column("image_size_bytes", BigInteger),
    Column("image_media_type", Text),
    Column("image_width_px", Integer),
    Column("image_height_px", Integer),
    PrimaryKeyConstraint("document_id", "run_id", "number"),
    Index("page_run", "run_id"),
    Index("page_blob", "tenant_id", "image_sha256"),
)

page_start = Table(
    "page_start",
    METADATA,
    _tenant(),
    Column("document_id", _Id, nullable=False),
    _run_id(),
    Column("number", Integer, nullable=False),
    Column("starts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("last_reason", Text, nullable=False),
    PrimaryKeyConstraint("document_id", "run_id", "number"),
    Index("page_start_run", "run_id"),
)

field = Table(
    "field",
    METADATA,
    _tenant(),
    Column("id", _Id, primary_key=True),
    Column("document_id", _Id, nullable=False),
    _run_id(),
    Column("key", Text, nullable=False),
    Column("position", Integer),
    Column("place", Integer, nullable=False),
    Column("value_text", Text),
    Column("value_number", Numeric),
    Column("value_date", Date),
    Column("canonical", Text, nullable=False),
    Column("raw_text", Text, nullable=False),
    Column("confidence", Float, nullable=False),
    Column("source", Text, nullable=False),
    Column("regions", JSONB, nullable=False),
    Column("revision", Integer, nullable=False, server_default="1"),
    Index(
        "field_key",
        "run_id",
        text("coalesce(position, 0)"),
        "key",
        unique=True,
    ),
    Index("field_document", "document_id", "run_id"),
)

# A job outlives its document, so that its end can still be asked for.
job = Table(
    "job",
    METADATA,
    _tenant(),
    Column("id", _Id, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("document_id", _Id, nullable=False),
    Column("run_id", _Id, nullable=False),
    Column("state", Text, nullable=False),
    Column("done", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("stage", Text, nullable=False),
    Column("error", JSONB(none_as_null=True)),
    Column("starts", Integer, nullable=False),
    Column("create_time", _Time, nullable=False),
    Column("start_time", _Time),
    Column("end_time", _Time),
    Index("job_newest", "tenant_id", "create_time", "id"),
    Index(
        "job_active",
        "document_id",
        unique=True,
        postgresql_where=text("state in ('QUEUED', 'RUNNING')"),
    ),
    Index("job_document", "document_id"),
)

request = Table(
    "request",
    METADATA,
    _tenant(),
    Column("request_id", _Id, nullable=False),
    Column("rpc", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("answer_id", _Id, nullable=False),
    Column("expire_time", _Time, nullable=False),
    PrimaryKeyConstraint("tenant_id", "request_id"),
    Index("request_expiry", "tenant_id", "expire_time"),
)

# What a person said of a field; it outlives the runs, whose fields come and go.
correction = Table(
    "correction",
    METADATA,
    _tenant(),
    Column("id", _Id, primary_key=True),
    Column("document_id", _Id, ForeignKey(document.c.id, ondelete="CASCADE"), nullable=False),
    Column("key", Text, nullable=False),
    Column("position", Integer),
    Column("revision", Integer, nullable=False),
    Column("value_text", Text),
    Column("value_number", Numeric),
    Column("value_date", Date),
    Column("canonical", Text),
    Column("before", Text),
    Column("raw_text", Text, nullable=False),
    Column("regions", JSONB, nullable=False),
    Column("editor_id", _Id),
    Column("create_time", _Time, nullable=False),
    Index(
        "correction_field",
        "document_id",
        text("coalesce(position, 0)"),
        "key",
        "revision",
        unique=True,
    ),
)
