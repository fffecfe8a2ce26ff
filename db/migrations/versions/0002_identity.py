"""People, tenants, memberships, sessions, refresh tokens and tries to sign in.

What must be found before a tenant is known goes through these functions, which run with the
owner's rights; nothing else passes row security:

    identity.find_login      what is needed to let a person in, by e-mail
    identity.find_refresh    where a refresh token belongs, by its digest
    identity.sweep_sessions  forgets sessions that ran out long ago, of all tenants

Tries to sign in belong to no tenant and hold no name: their keys are hashes.
"""

from hubkit.sql import ddl

revision = "0002"
down_revision = "0001"

TABLES = """
CREATE TABLE identity.tenant (
    id uuid PRIMARY KEY,
    slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$'),
    display_name text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    disable_time timestamptz
);

CREATE TABLE identity.person (
    id uuid PRIMARY KEY,
    email text NOT NULL UNIQUE CHECK (length(email) <= 254),
    display_name text NOT NULL,
    password_hash text NOT NULL,
    password_time timestamptz NOT NULL DEFAULT now(),
    create_time timestamptz NOT NULL DEFAULT now(),
    disable_time timestamptz
);
COMMENT ON COLUMN identity.person.email IS 'lower case, Unicode NFC';
COMMENT ON COLUMN identity.person.password_time IS 'when the password, not its hash, last changed';

CREATE TABLE identity.membership (
    tenant_id uuid NOT NULL REFERENCES identity.tenant,
    person_id uuid NOT NULL REFERENCES identity.person,
    role text NOT NULL CHECK (role IN ('VIEWER', 'OPERATOR', 'REVIEWER', 'MANAGER', 'ADMIN')),
    create_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, person_id)
);
CREATE INDEX membership_person ON identity.membership (person_id);

CREATE TABLE identity.session (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES identity.tenant,
    person_id uuid NOT NULL REFERENCES identity.person,
    start_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    end_time timestamptz,
    end_reason text CHECK (end_reason IN ('SIGNED_OUT', 'REPLAYED', 'SHUT_OUT')),
    CHECK ((end_time IS NULL) = (end_reason IS NULL))
);
CREATE INDEX session_expiry ON identity.session (expire_time);
CREATE INDEX session_person ON identity.session (tenant_id, person_id);

CREATE TABLE identity.refresh_token (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    tenant_id uuid NOT NULL DEFAULT nullif(current_setting('app.tenant', true), '')::uuid,
    session_id uuid NOT NULL REFERENCES identity.session ON DELETE CASCADE,
    issue_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    rotate_time timestamptz,
    sealed_successor bytea
);
COMMENT ON COLUMN identity.refresh_token.digest IS 'SHA-256; the token itself is kept nowhere';
COMMENT ON COLUMN identity.refresh_token.sealed_successor IS 'readable with the token alone';
CREATE INDEX refresh_token_session ON identity.refresh_token (session_id);

CREATE TABLE identity.login_throttle (
    key bytea PRIMARY KEY CHECK (length(key) = 32),
    tries timestamptz[] NOT NULL,
    expire_time timestamptz NOT NULL
);
CREATE INDEX login_throttle_expiry ON identity.login_throttle (expire_time);
"""

WALLS = """
-- A tenant sees itself, and of people its members.
ALTER TABLE identity.tenant ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.tenant FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity.tenant
    USING (id = nullif(current_setting('app.tenant', true), '')::uuid);
CREATE POLICY owner ON identity.tenant TO CURRENT_USER USING (true);

ALTER TABLE identity.person ENABLE ROW LEVEL SECURITY;
ALTER TABLE identity.person FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant ON identity.person
    USING (EXISTS (
        SELECT FROM identity.membership m
        WHERE m.person_id = person.id
          AND m.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid));
CREATE POLICY owner ON identity.person TO CURRENT_USER USING (true);

-- The service makes no people, tenants or members, and reads password hashes through find_login
-- alone. It ends sessions and uses tokens up; it cannot move them or take them away.
REVOKE ALL ON identity.tenant, identity.person, identity.membership, identity.session,
    identity.refresh_token FROM dochub_identity;
GRANT SELECT ON identity.tenant, identity.membership TO dochub_identity;
GRANT SELECT (id, email, display_name, password_time, disable_time), UPDATE (password_hash)
    ON identity.person TO dochub_identity;
GRANT SELECT, INSERT, UPDATE (end_time, end_reason) ON identity.session TO dochub_identity;
GRANT SELECT, INSERT, UPDATE (rotate_time, sealed_successor)
    ON identity.refresh_token TO dochub_identity;
"""

DOORS = """
-- One row a membership in an open tenant; one without a tenant when there is none.
CREATE FUNCTION identity.find_login(wanted text)
RETURNS TABLE (
    person_id uuid, display_name text, password_hash text, password_time timestamptz,
    is_disabled boolean, tenant_id uuid, tenant_slug text, tenant_name text, role text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.id, p.display_name, p.password_hash, p.password_time,
           p.disable_time IS NOT NULL, place.*
    FROM identity.person p
    LEFT JOIN LATERAL (
        SELECT t.id, t.slug, t.display_name, m.role
        FROM identity.membership m JOIN identity.tenant t ON t.id = m.tenant_id
        WHERE m.person_id = p.id AND t.disable_time IS NULL
    ) place ON true
    WHERE p.email = wanted
    ORDER BY place.slug
$$;

CREATE FUNCTION identity.find_refresh(wanted bytea)
RETURNS TABLE (tenant_id uuid, session_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT r.tenant_id, r.session_id FROM identity.refresh_token r WHERE r.digest = wanted
$$;

-- A bounded number a call, so that none takes long; tells how many.
CREATE FUNCTION identity.sweep_sessions(before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM identity.session WHERE id IN (
        SELECT s.id FROM identity.session s
        -- Nobody ends a session early by naming a time to come.
        WHERE s.expire_time < least(before, now()) ORDER BY s.expire_time LIMIT 100);
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;
"""


def upgrade() -> None:
    """Make the tables, the walls around them, and the few doors through these."""
    ddl.run(TABLES)
    for table in ("membership", "session", "refresh_token"):
        ddl.protect(f"identity.{table}", for_owner=True)
    ddl.run(WALLS)
    ddl.run(DOORS)
