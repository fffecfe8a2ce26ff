"""Corrections: what people said of fields. They outlive the runs, whose fields come and go."""

from hubkit.sql import ddl

revision = "0004"
down_revision = "0003"

TABLES = """
ALTER TABLE document.field ADD COLUMN revision integer NOT NULL DEFAULT 1;

CREATE TABLE document.correction (
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    id uuid PRIMARY KEY,
    document_id uuid NOT NULL REFERENCES document.document ON DELETE CASCADE,
    key text NOT NULL,
    position integer,
    revision integer NOT NULL,
    value_text text,
    value_number numeric,
    value_date date,
    canonical text,
    before text,
    raw_text text NOT NULL,
    regions jsonb NOT NULL,
    editor_id uuid,
    create_time timestamptz NOT NULL
);
COMMENT ON COLUMN document.correction.canonical IS 'null where a person took the field away';
COMMENT ON COLUMN document.correction.before IS 'null where there was no field';
CREATE UNIQUE INDEX correction_field
    ON document.correction (document_id, coalesce(position, 0), key, revision);
"""


def upgrade() -> None:
    """Count a field's revisions, and keep corrections behind row security."""
    ddl.run(TABLES)
    ddl.protect("document.correction")
