"""Uploads, documents, readings with their pages and fields, jobs and answered requests.

The sweeper must know whose things to look through before it has a tenant; one function tells it,
with the owner's rights and nothing but ids:

    document.tenants         every tenant that ever sent a file
"""

from hubkit.sql import ddl

revision = "0003"
down_revision = "0002"

TABLES = """
CREATE TABLE document.upload (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    id uuid PRIMARY KEY,
    filename text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    part_size_bytes integer NOT NULL,
    creator_id uuid,
    state text NOT NULL,
    document_id uuid,
    job_id uuid,
    refusal jsonb,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL
);
CREATE INDEX upload_expiry ON document.upload (tenant_id, expire_time);

CREATE TABLE document.upload_part (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    upload_id uuid NOT NULL REFERENCES document.upload ON DELETE CASCADE,
    index integer NOT NULL,
    size_bytes integer NOT NULL,
    crc32c bigint NOT NULL,
    PRIMARY KEY (upload_id, index)
);

CREATE TABLE document.document (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    id uuid PRIMARY KEY,
    revision bigint NOT NULL,
    state text NOT NULL,
    filename text NOT NULL,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256 text NOT NULL,
    file_warnings jsonb NOT NULL,
    document_type text NOT NULL,
    functions jsonb NOT NULL,
    type_confidence double precision NOT NULL,
    page_count integer NOT NULL,
    pages_done integer NOT NULL,
    warnings jsonb NOT NULL,
    error jsonb,
    current_run_id uuid NOT NULL,
    run_is_whole boolean NOT NULL,
    create_time timestamptz NOT NULL,
    update_time timestamptz NOT NULL,
    creator_id uuid
);
CREATE INDEX document_blob ON document.document (tenant_id, sha256);
CREATE INDEX document_newest ON document.document (tenant_id, create_time, id);
CREATE INDEX document_state ON document.document (tenant_id, state, create_time, id);

CREATE TABLE document.run (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES document.document ON DELETE CASCADE,
    languages jsonb NOT NULL,
    force_ocr boolean NOT NULL,
    create_time timestamptz NOT NULL
);
CREATE INDEX run_document ON document.run (document_id);

CREATE TABLE document.page (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    document_id uuid NOT NULL,
    run_id uuid NOT NULL REFERENCES document.run ON DELETE CASCADE,
    number integer NOT NULL,
    width_px integer NOT NULL,
    height_px integer NOT NULL,
    text_source text NOT NULL,
    rotation integer NOT NULL,
    skew_degrees double precision NOT NULL,
    mean_confidence double precision NOT NULL,
    line_count integer NOT NULL,
    warnings jsonb NOT NULL,
    error jsonb,
    layout bytea NOT NULL,
    transform jsonb NOT NULL,
    image_sha256 text,
    image_size_bytes bigint,
    image_media_type text,
    image_width_px integer,
    image_height_px integer,
    PRIMARY KEY (document_id, run_id, number)
);
CREATE INDEX page_blob ON document.page (tenant_id, image_sha256);
CREATE INDEX page_run ON document.page (run_id);

CREATE TABLE document.page_start (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    document_id uuid NOT NULL,
    run_id uuid NOT NULL REFERENCES document.run ON DELETE CASCADE,
    number integer NOT NULL,
    starts integer NOT NULL,
    failures integer NOT NULL,
    last_reason text NOT NULL,
    PRIMARY KEY (document_id, run_id, number)
);
CREATE INDEX page_start_run ON document.page_start (run_id);

CREATE TABLE document.field (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL,
    run_id uuid NOT NULL REFERENCES document.run ON DELETE CASCADE,
    key text NOT NULL,
    position integer,
    place integer NOT NULL,
    value_text text,
    value_number numeric,
    value_date date,
    canonical text NOT NULL,
    raw_text text NOT NULL,
    confidence double precision NOT NULL,
    source text NOT NULL,
    regions jsonb NOT NULL
);
CREATE INDEX field_document ON document.field (document_id, run_id);
CREATE UNIQUE INDEX field_key ON document.field (run_id, coalesce(position, 0), key);

CREATE TABLE document.job (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    id uuid PRIMARY KEY,
    kind text NOT NULL,
    document_id uuid NOT NULL,
    run_id uuid NOT NULL,
    state text NOT NULL,
    done bigint NOT NULL,
    total bigint NOT NULL,
    stage text NOT NULL,
    error jsonb,
    starts integer NOT NULL,
    create_time timestamptz NOT NULL,
    start_time timestamptz,
    end_time timestamptz
);
CREATE UNIQUE INDEX job_active ON document.job (document_id) WHERE state in ('QUEUED', 'RUNNING');
CREATE INDEX job_document ON document.job (document_id);
CREATE INDEX job_newest ON document.job (tenant_id, create_time, id);

CREATE TABLE document.request (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    request_id uuid NOT NULL,
    rpc text NOT NULL,
    digest bytea NOT NULL,
    answer_id uuid NOT NULL,
    expire_time timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, request_id)
);
CREATE INDEX request_expiry ON document.request (tenant_id, expire_time);
"""

DOORS = """
-- A document comes of an upload and leaves a job behind, so these two name everybody.
CREATE FUNCTION document.tenants() RETURNS TABLE (tenant_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT u.tenant_id FROM document.upload u UNION SELECT j.tenant_id FROM document.job j
$$;
"""

_KNOWN_TO_SWEEPER = ("upload", "job")
_OTHERS = ("upload_part", "document", "run", "page", "page_start", "field", "request")


def upgrade() -> None:
    """Make the tables, each behind row security, and the one door through it."""
    ddl.run(TABLES)
    for table in _KNOWN_TO_SWEEPER:
        ddl.protect(f"document.{table}", for_owner=True)
    for table in _OTHERS:
        ddl.protect(f"document.{table}")
    ddl.run(DOORS)
