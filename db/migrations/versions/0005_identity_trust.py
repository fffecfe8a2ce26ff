"""Second factors, invitations, revocation, API keys, other providers, and the audit trail.

What must be found or done outside one tenant goes through these functions, besides those of 0002:

    identity.add_mail_secret    keeps the digest of a link that was mailed, by e-mail address
    identity.use_mail_secret    sets the password that a mailed link allows, and ends the sessions
    identity.enroll_person      finds or makes the person of an e-mail address
    identity.find_external      whose sign-in at another provider it is
    identity.find_api_key       where an API key belongs, by its digest
    identity.find_sessions      a person's open sessions, in every tenant
    identity.end_sessions       ends a person's sessions, in every tenant
    identity.read_revocations   which tokens no longer count, of all tenants
    identity.audit_heads        where every tenant's audit trail stands
    identity.append_audit       adds to the audit trail of the transaction's own tenant
    identity.erase_audit_values takes a person's values out of that trail

The audit trail can be read and added to; nobody changes or removes a row, the owner neither.
"""

from hubkit.sql import ddl

revision = "0005"
down_revision = "0004"

PEOPLE = """
-- Who was invited, or signs in elsewhere, has no password.
ALTER TABLE identity.person
    ALTER COLUMN password_hash DROP NOT NULL,
    ADD COLUMN totp_secret bytea,
    ADD COLUMN totp_time timestamptz,
    ADD COLUMN totp_step bigint NOT NULL DEFAULT 0,
    ADD COLUMN recovery_digests bytea[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN identity.person.totp_secret IS 'sealed under the data key of the service';
COMMENT ON COLUMN identity.person.totp_time IS 'since when codes are asked for';
COMMENT ON COLUMN identity.person.totp_step IS 'the last time step whose code was used';

ALTER TABLE identity.membership
    ADD COLUMN epoch bigint NOT NULL DEFAULT 0,
    ADD COLUMN epoch_time timestamptz,
    ADD COLUMN disable_time timestamptz;
COMMENT ON COLUMN identity.membership.epoch IS 'tokens that carry a smaller one no longer count';
CREATE INDEX membership_epoch_time ON identity.membership (epoch_time);

ALTER TABLE identity.tenant
    ADD COLUMN locale text NOT NULL DEFAULT 'en',
    ADD COLUMN time_zone text NOT NULL DEFAULT 'UTC',
    ADD COLUMN revision bigint NOT NULL DEFAULT 1;

ALTER TABLE identity.session
    ADD COLUMN source text NOT NULL DEFAULT '',
    ADD COLUMN user_agent text NOT NULL DEFAULT '',
    DROP CONSTRAINT session_end_reason_check,
    ADD CONSTRAINT session_end_reason_check CHECK (end_reason IN (
        'SIGNED_OUT', 'REPLAYED', 'SHUT_OUT', 'REVOKED', 'PASSWORD_CHANGED', 'SWITCHED'));
CREATE INDEX session_end_time ON identity.session (end_time);

CREATE TABLE identity.mail_secret (
    digest bytea PRIMARY KEY CHECK (length(digest) = 32),
    person_id uuid NOT NULL REFERENCES identity.person,
    expire_time timestamptz NOT NULL
);
CREATE INDEX mail_secret_person ON identity.mail_secret (person_id);

CREATE TABLE identity.external_login (
    issuer text NOT NULL,
    subject text NOT NULL,
    person_id uuid NOT NULL REFERENCES identity.person,
    link_time timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (issuer, subject)
);

CREATE TABLE identity.api_key (
    id uuid PRIMARY KEY,
    tenant_id uuid NOT NULL REFERENCES identity.tenant,
    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
    prefix text NOT NULL,
    display_name text NOT NULL,
    scopes text[] NOT NULL,
    creator_id uuid NOT NULL REFERENCES identity.person,
    create_time timestamptz NOT NULL,
    expire_time timestamptz NOT NULL,
    last_use_time timestamptz,
    revoke_time timestamptz
);
CREATE INDEX api_key_tenant ON identity.api_key (tenant_id, id);
CREATE INDEX api_key_revoke_time ON identity.api_key (revoke_time);

-- What callers may still do: it refills by itself, so a row that is old says nothing.
CREATE UNLOGGED TABLE identity.allowance (
    key bytea PRIMARY KEY CHECK (length(key) = 32),
    calls double precision NOT NULL,
    time timestamptz NOT NULL
);
CREATE INDEX allowance_time ON identity.allowance (time);
"""

AUDIT = """
CREATE TABLE identity.audit_head (
    tenant_id uuid PRIMARY KEY,
    seq bigint NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32)
);

CREATE TABLE identity.audit_event (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    payload text NOT NULL,
    hash bytea NOT NULL CHECK (length(hash) = 32),
    time timestamptz NOT NULL,
    actor_id uuid,
    action text NOT NULL,
    subject_id uuid,
    PRIMARY KEY (tenant_id, seq)
);
COMMENT ON COLUMN identity.audit_event.payload IS 'JSON; every other column follows from it';
COMMENT ON COLUMN identity.audit_event.hash IS 'SHA-256 of the hash before, tenant, seq, payload';

CREATE TABLE identity.audit_value (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    name text NOT NULL,
    person_id uuid,
    value text NOT NULL,
    salt bytea NOT NULL CHECK (length(salt) = 16),
    PRIMARY KEY (tenant_id, seq, name),
    FOREIGN KEY (tenant_id, seq) REFERENCES identity.audit_event
);
COMMENT ON TABLE identity.audit_value IS 'personal values; the trail holds their commitments alone';
CREATE INDEX audit_value_person ON identity.audit_value (tenant_id, person_id);

CREATE FUNCTION identity.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only added to' USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON identity.audit_event
    FOR EACH ROW EXECUTE FUNCTION identity.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON identity.audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_change();

-- The head stays locked until the caller's transaction ends: one chain, however many write.
CREATE FUNCTION identity.append_audit(
    payload text, names text[], persons uuid[], given text[], salts bytea[]
) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    here CONSTANT uuid := nullif(current_setting('app.tenant', true), '')::uuid;
    facts CONSTANT jsonb := payload::jsonb;
    number bigint;
    link bytea;
BEGIN
    INSERT INTO identity.audit_head AS head (tenant_id, seq, hash)
        VALUES (here, 0, decode(repeat('00', 32), 'hex'))
        ON CONFLICT (tenant_id) DO UPDATE SET seq = head.seq
        RETURNING head.seq + 1, head.hash INTO number, link;
    link := sha256(link || uuid_send(here) || int8send(number) || convert_to(payload, 'UTF8'));
    INSERT INTO identity.audit_event
        (tenant_id, seq, payload, hash, time, actor_id, action, subject_id)
    VALUES (here, number, payload, link, (facts ->> 'time')::timestamptz,
        (facts ->> 'actor_id')::uuid, facts ->> 'action', (facts ->> 'subject_id')::uuid);
    INSERT INTO identity.audit_value (tenant_id, seq, name, person_id, value, salt)
        SELECT here, number, one.name, one.person, one.value, one.salt
        FROM unnest(names, persons, given, salts) AS one(name, person, value, salt);
    UPDATE identity.audit_head AS head SET seq = number, hash = link WHERE head.tenant_id = here;
    RETURN number;
END $$;

CREATE FUNCTION identity.erase_audit_values(person uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone integer;
BEGIN
    DELETE FROM identity.audit_value WHERE person_id = person
        AND tenant_id = nullif(current_setting('app.tenant', true), '')::uuid;
    GET DIAGNOSTICS gone = ROW_COUNT;
    RETURN gone;
END $$;

CREATE FUNCTION identity.audit_heads() RETURNS TABLE (tenant_id uuid, seq bigint, hash bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.tenant_id, h.seq, h.hash FROM identity.audit_head h ORDER BY h.tenant_id
$$;
"""

RIGHTS = """
REVOKE ALL ON identity.mail_secret, identity.external_login, identity.api_key,
    identity.audit_head, identity.audit_event, identity.audit_value FROM dochub_identity;
GRANT SELECT (totp_secret, totp_time, totp_step, recovery_digests),
    UPDATE (password_time, totp_secret, totp_time, totp_step, recovery_digests)
    ON identity.person TO dochub_identity;
GRANT INSERT, UPDATE (role, epoch, epoch_time, disable_time)
    ON identity.membership TO dochub_identity;
GRANT UPDATE (display_name, locale, time_zone, revision) ON identity.tenant TO dochub_identity;
GRANT SELECT, INSERT, UPDATE (last_use_time, revoke_time) ON identity.api_key TO dochub_identity;
GRANT SELECT ON identity.audit_head, identity.audit_event, identity.audit_value
    TO dochub_identity;
"""

DOORS = """
-- One row a membership in an open tenant; one without a tenant when there is none.
DROP FUNCTION identity.find_login(text);
CREATE FUNCTION identity.find_login(wanted text)
RETURNS TABLE (
    person_id uuid, display_name text, password_hash text, password_time timestamptz,
    is_disabled boolean, tenant_id uuid, tenant_slug text, tenant_name text, role text, epoch bigint
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.id, p.display_name, p.password_hash, p.password_time,
           p.disable_time IS NOT NULL, place.*
    FROM identity.person p
    LEFT JOIN LATERAL (
        SELECT t.id, t.slug, t.display_name, m.role, m.epoch
        FROM identity.membership m JOIN identity.tenant t ON t.id = m.tenant_id
        WHERE m.person_id = p.id AND m.disable_time IS NULL AND t.disable_time IS NULL
    ) place ON true
    WHERE p.email = wanted
    ORDER BY place.slug
$$;

CREATE FUNCTION identity.add_mail_secret(wanted text, secret bytea, until timestamptz)
RETURNS TABLE (person_id uuid, display_name text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    SELECT p.id, p.display_name INTO person_id, display_name FROM identity.person p
        WHERE p.email = wanted AND p.disable_time IS NULL FOR UPDATE;
    IF person_id IS NULL THEN
        RETURN;
    END IF;
    -- A new link is the only one.
    DELETE FROM identity.mail_secret s WHERE s.person_id = add_mail_secret.person_id
        OR s.expire_time < now();
    INSERT INTO identity.mail_secret (digest, person_id, expire_time)
        VALUES (secret, add_mail_secret.person_id, until);
    RETURN NEXT;
END $$;

-- One row a tenant of the person, so that each can tell it in its trail; none for a dead link.
CREATE FUNCTION identity.use_mail_secret(secret bytea, new_hash text, at timestamptz)
RETURNS TABLE (person_id uuid, tenant_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    who uuid;
BEGIN
    DELETE FROM identity.mail_secret s USING identity.person p
        WHERE s.digest = secret AND s.expire_time > at
          AND p.id = s.person_id AND p.disable_time IS NULL
        RETURNING s.person_id INTO who;
    IF who IS NULL THEN
        RETURN;
    END IF;
    UPDATE identity.person SET password_hash = new_hash, password_time = at WHERE id = who;
    UPDATE identity.session SET end_time = at, end_reason = 'PASSWORD_CHANGED'
        WHERE session.person_id = who AND end_time IS NULL;
    RETURN QUERY SELECT m.person_id, m.tenant_id FROM identity.membership m
        WHERE m.person_id = who;
END $$;

CREATE FUNCTION identity.enroll_person(new_id uuid, wanted text, name text)
RETURNS TABLE (person_id uuid, display_name text, has_password boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
BEGIN
    INSERT INTO identity.person (id, email, display_name) VALUES (new_id, wanted, name)
        ON CONFLICT (email) DO NOTHING;
    RETURN QUERY SELECT p.id, p.display_name, p.password_hash IS NOT NULL
        FROM identity.person p WHERE p.email = wanted;
END $$;

-- The link made at the first sign-in counts from then on, whatever the address becomes; an address
-- that the provider does not vouch for is given as null.
CREATE FUNCTION identity.find_external(from_issuer text, from_subject text, vouched text)
RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    who uuid;
BEGIN
    SELECT x.person_id INTO who FROM identity.external_login x
        WHERE x.issuer = from_issuer AND x.subject = from_subject;
    IF who IS NULL THEN
        INSERT INTO identity.external_login (issuer, subject, person_id)
            SELECT from_issuer, from_subject, p.id FROM identity.person p WHERE p.email = vouched
            ON CONFLICT DO NOTHING
            RETURNING person_id INTO who;
    END IF;
    RETURN (SELECT p.email FROM identity.person p WHERE p.id = who);
END $$;

CREATE FUNCTION identity.find_api_key(wanted bytea) RETURNS TABLE (tenant_id uuid, key_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT k.tenant_id, k.id FROM identity.api_key k JOIN identity.tenant t ON t.id = k.tenant_id
    WHERE k.digest = wanted AND t.disable_time IS NULL
$$;

CREATE FUNCTION identity.find_sessions(person uuid, at timestamptz)
RETURNS TABLE (
    session_id uuid, tenant_id uuid, tenant_slug text, tenant_name text, start_time timestamptz,
    last_use_time timestamptz, expire_time timestamptz, source text, user_agent text
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, t.id, t.slug, t.display_name, s.start_time,
           (SELECT max(r.issue_time) FROM identity.refresh_token r WHERE r.session_id = s.id),
           s.expire_time, s.source, s.user_agent
    FROM identity.session s JOIN identity.tenant t ON t.id = s.tenant_id
    WHERE s.person_id = person AND s.end_time IS NULL AND s.expire_time > at
    ORDER BY s.start_time DESC LIMIT 200
$$;

-- One of them, or all but one; gives the tenants in which some ended.
CREATE FUNCTION identity.end_sessions(
    person uuid, only_one uuid, but uuid, at timestamptz, reason text
) RETURNS TABLE (session_id uuid, tenant_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE identity.session s SET end_time = at, end_reason = reason
    WHERE s.person_id = person AND s.end_time IS NULL
      AND (only_one IS NULL OR s.id = only_one) AND s.id IS DISTINCT FROM but
    RETURNING s.id, s.tenant_id
$$;

CREATE FUNCTION identity.read_revocations(since timestamptz)
RETURNS TABLE (session_id uuid, tenant_id uuid, person_id uuid, epoch bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT s.id, NULL::uuid, NULL::uuid, 0::bigint FROM identity.session s WHERE s.end_time > since
    UNION ALL
    SELECT k.id, NULL, NULL, 0 FROM identity.api_key k WHERE k.revoke_time > since
    UNION ALL
    SELECT NULL, m.tenant_id, m.person_id, m.epoch FROM identity.membership m
        WHERE m.epoch_time > since
    UNION ALL
    -- Sessions that nobody ended although person, place or tenant was closed, as by hand.
    SELECT s.id, NULL, NULL, 0 FROM identity.session s
        JOIN identity.person p ON p.id = s.person_id AND p.disable_time > since
        WHERE s.end_time IS NULL AND s.start_time <= p.disable_time
    UNION ALL
    SELECT s.id, NULL, NULL, 0 FROM identity.session s
        JOIN identity.membership m ON (m.tenant_id, m.person_id) = (s.tenant_id, s.person_id)
        WHERE m.disable_time > since AND s.end_time IS NULL AND s.start_time <= m.disable_time
    UNION ALL
    SELECT s.id, NULL, NULL, 0 FROM identity.session s
        JOIN identity.tenant t ON t.id = s.tenant_id AND t.disable_time > since
        WHERE s.end_time IS NULL AND s.start_time <= t.disable_time
$$;
"""


def upgrade() -> None:
    """Widen the tables, add the new ones with their walls, and the few doors through these."""
    ddl.run(PEOPLE)
    ddl.run(AUDIT)
    ddl.protect("identity.api_key", for_owner=True)
    ddl.protect("identity.audit_head", for_owner=True)
    # The owner's functions see one tenant's trail at a time, like everybody.
    for table in ("audit_event", "audit_value"):
        ddl.protect(f"identity.{table}")
    ddl.run(RIGHTS)
    ddl.run(DOORS)
