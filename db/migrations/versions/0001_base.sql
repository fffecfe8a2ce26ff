-- Row security, services, and the bus that carries their events.
--
-- Functions that run with the owner's rights are still bound by row security, because it is forced
-- on the owner too: an event can be neither written nor read outside the caller's own tenant.

REVOKE ALL ON SCHEMA public FROM PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE SCHEMA bus;

-- Row security of one table with a column tenant_id uuid. With for_owner, the owner's functions see
-- every row: for what must be found before the tenant is known, such as a session by its token.
CREATE FUNCTION bus.protect(target regclass, for_owner boolean DEFAULT false) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', target);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', target);
    EXECUTE format(
        'CREATE POLICY tenant ON %s'
        ' USING (tenant_id = nullif(current_setting(''app.tenant'', true), '''')::uuid)', target);
    IF for_owner THEN
        EXECUTE format('CREATE POLICY owner ON %s TO CURRENT_USER USING (true)', target);
    END IF;
END $$;

-- A service's login role and schema, and its rights: on its own tables, and on the bus's functions.
CREATE FUNCTION bus.add_service(service text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    role text := 'dochub_' || service;
BEGIN
    -- Roles are the whole cluster's: another database may have made it.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role) THEN
        EXECUTE format('CREATE ROLE %I LOGIN NOINHERIT', role);
    END IF;
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), role);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I', service);
    EXECUTE format('GRANT USAGE ON SCHEMA %I, bus TO %I', service, role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I'
        ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', service, role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I'
        ' GRANT USAGE ON SEQUENCES TO %I', service, role);
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I'
        ' GRANT EXECUTE ON FUNCTIONS TO %I', service, role);
    EXECUTE format('GRANT EXECUTE ON FUNCTION'
        ' bus.publish(uuid, uuid, text, integer, bytea), bus.enqueue(text, uuid, uuid, bytea, text, interval),'
        ' bus.read_events(bigint, text[], integer), bus.last_seq(), bus.schema_version()'
        ' TO %I', role);
END $$;

CREATE TABLE bus.event (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    type text NOT NULL,
    schema_version integer NOT NULL,
    payload bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, seq),
    UNIQUE (tenant_id, id)
);
SELECT bus.protect('bus.event');

CREATE TABLE bus.tenant_clock (
    tenant_id uuid PRIMARY KEY,
    last_seq bigint NOT NULL,
    swept_seq bigint NOT NULL DEFAULT 0
);
COMMENT ON COLUMN bus.tenant_clock.swept_seq IS 'events up to this one are past their retention';
SELECT bus.protect('bus.tenant_clock');

CREATE TABLE bus.subscription (
    service text NOT NULL,
    event_type text NOT NULL,
    PRIMARY KEY (event_type, service)
);

CREATE FUNCTION bus.check_tenant(tenant uuid) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF tenant IS DISTINCT FROM nullif(current_setting('app.tenant', true), '')::uuid THEN
        RAISE EXCEPTION 'tenant % is not the one of this transaction', tenant
            USING ERRCODE = 'insufficient_privilege';
    END IF;
END $$;

-- One job in a service's queue, as PgQueuer itself would insert it.
--
-- Its entrypoint is the kind and one of 32 lanes, by tenant; a lane's jobs in flight are bounded.
-- Its payload begins with the envelope that the worker trusts: job or event id, tenant, version.
-- Its priority is a place in start-time fair queueing: one behind the tenant's last waiting job, and
-- at best beside the job that is next over all tenants. So a thousand jobs of one tenant never stand
-- before the first of another, and a tenant's own stay in order.
-- (Goyal, Vin, Cheng: "Start-time Fair Queuing", SIGCOMM 1996; every job counts the same.)
CREATE FUNCTION bus.add_job(
    service text, kind text, tenant uuid, id uuid, version integer, content bytea,
    dedupe_key text, delay interval
) RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lane text := kind || '/' || (get_byte(uuid_send(tenant), 15) & 31);
    job_id bigint;
BEGIN
    EXECUTE format($sql$
        WITH place AS (
            SELECT coalesce(least(own.last - 1, head.priority), 0) AS priority
            FROM (
                SELECT min(priority) AS last FROM %1$I.pgqueuer
                WHERE status = 'queued' AND entrypoint = $1
                  AND substring(payload FROM 17 FOR 16) = uuid_send($2)
            ) own, (
                SELECT max(priority) AS priority FROM %1$I.pgqueuer
                WHERE status = 'queued' AND execute_after <= now()
            ) head
        ), job AS (
            INSERT INTO %1$I.pgqueuer
                (status, entrypoint, priority, payload, dedupe_key, execute_after)
            SELECT 'queued', $1, priority,
                   uuid_send($3) || uuid_send($2) || int4send($4) || $5, $6, now() + $7
            FROM place
            ON CONFLICT (dedupe_key)
                WHERE status = ANY (ARRAY['queued'::%1$I.pgqueuer_status, 'picked'])
                  AND dedupe_key IS NOT NULL
                DO NOTHING
            RETURNING pgqueuer.id, pgqueuer.status, pgqueuer.entrypoint, pgqueuer.priority
        )
        INSERT INTO %1$I.pgqueuer_log (job_id, status, entrypoint, priority)
        SELECT * FROM job RETURNING job_id
    $sql$, service) INTO job_id USING lane, tenant, id, version, content, dedupe_key, delay;
    RETURN job_id IS NOT NULL;
END $$;

-- Stores an event and one job for each subscription, in the caller's transaction.
--
-- The tenant's clock stays locked until that ends, so that events become visible in the order of
-- their numbers: who has read up to one has missed none before it. Returns the number.
CREATE FUNCTION bus.publish(id uuid, tenant uuid, type text, version integer, payload bytea)
RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
#variable_conflict use_column
DECLARE
    retention CONSTANT interval := '90 days';
    number bigint;
    told bigint;
    subscriber text;
BEGIN
    PERFORM bus.check_tenant(tenant);
    INSERT INTO bus.tenant_clock AS clock (tenant_id, last_seq) VALUES (tenant, 1)
        ON CONFLICT (tenant_id) DO UPDATE SET last_seq = clock.last_seq + 1
        RETURNING last_seq INTO number;
    SELECT e.seq INTO told FROM bus.event e WHERE e.tenant_id = tenant AND e.id = publish.id;
    IF FOUND THEN
        UPDATE bus.tenant_clock SET last_seq = number - 1 WHERE tenant_id = tenant;
        RETURN told;
    END IF;
    INSERT INTO bus.event (tenant_id, seq, id, type, schema_version, payload)
        VALUES (tenant, number, publish.id, publish.type, version, publish.payload);
    FOR subscriber IN
        SELECT s.service FROM bus.subscription s WHERE s.event_type = publish.type ORDER BY 1
    LOOP
        PERFORM bus.add_job(
            subscriber, publish.type, tenant, publish.id, version, publish.payload,
            'event/' || publish.id, interval '0');
    END LOOP;
    -- Each new event takes two that are too old with it: enough to keep up, at no sweeper's cost.
    WITH gone AS (
        DELETE FROM bus.event WHERE tenant_id = tenant AND seq IN (
            SELECT old.seq FROM (
                SELECT e.seq, e.created_at FROM bus.event e
                WHERE e.tenant_id = tenant ORDER BY e.seq LIMIT 2
            ) old WHERE old.created_at < now() - retention)
        RETURNING seq
    )
    UPDATE bus.tenant_clock SET swept_seq = last.seq
        FROM (SELECT max(gone.seq) AS seq FROM gone) last
        WHERE tenant_id = tenant AND last.seq IS NOT NULL;
    PERFORM pg_notify('dochub_event', tenant::text);
    RETURN number;
END $$;

-- Puts work into the calling service's own queue, in the caller's transaction. False when work of
-- the same key waits or runs already.
CREATE FUNCTION bus.enqueue(
    kind text, tenant uuid, id uuid, content bytea, dedupe_key text, delay interval
) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM bus.check_tenant(tenant);
    RETURN bus.add_job(
        regexp_replace(session_user, '^dochub_', ''), kind, tenant, id, 1, content,
        -- Null stays null: no key, no duplicates.
        kind || '/' || tenant || '/' || dedupe_key, delay);
END $$;

-- The tenant's events after a number, in order. Every row, of which there is at least one, tells
-- whether some of those asked for are past their retention; without any event its seq is null.
CREATE FUNCTION bus.read_events(after_seq bigint, types text[], most integer)
RETURNS TABLE (
    seq bigint, id uuid, tenant_id uuid, type text, schema_version integer, payload bytea,
    created_at timestamptz, expired boolean
)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT found.*, after_seq < clock.swept_seq
    FROM (SELECT coalesce((SELECT swept_seq FROM bus.tenant_clock), 0) AS swept_seq) clock
    LEFT JOIN LATERAL (
        SELECT e.seq, e.id, e.tenant_id, e.type, e.schema_version, e.payload, e.created_at
        FROM bus.event e
        WHERE e.tenant_id = nullif(current_setting('app.tenant', true), '')::uuid
          AND e.seq > after_seq
          AND (cardinality(types) = 0 OR e.type = ANY (types))
        ORDER BY e.seq LIMIT most
    ) found ON true
    ORDER BY found.seq
$$;

CREATE FUNCTION bus.last_seq() RETURNS bigint
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce((SELECT last_seq FROM bus.tenant_clock), 0)
$$;

-- Which migration the database stands at.
CREATE FUNCTION bus.schema_version() RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT version_num FROM public.alembic_version
$$;

DO $$ BEGIN
    EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', current_database());
END $$;
