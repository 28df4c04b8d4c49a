-- {"taken_at":"2026-11-23T03:00:00.269682Z","placed":"01a21970-ab0b-71df-b351-712c75d5785a","accepted":"01a21970-aae6-7137-8c09-4dd8ac5a59ef","assigned":"01a21970-aa56-77a1-a083-122b7beab5b9","chat":"01a21970-aac4-72f5-a582-e4737e38df28"}
SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;
CREATE SCHEMA auth;
CREATE SCHEMA cart;
CREATE SCHEMA codes;
CREATE SCHEMA gateway;
CREATE SCHEMA graphile_worker;
CREATE SCHEMA journal;
CREATE SCHEMA menu;
CREATE SCHEMA orders;
CREATE SCHEMA payment;
CREATE SCHEMA restaurant;
CREATE SCHEMA schema;
CREATE SCHEMA search;
CREATE SCHEMA support;
CREATE SCHEMA tracking;
CREATE SCHEMA users;
CREATE TYPE graphile_worker.job_spec AS (
	identifier text,
	payload json,
	queue_name text,
	run_at timestamp with time zone,
	max_attempts smallint,
	job_key text,
	priority smallint,
	flags text[]
);
CREATE FUNCTION auth.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    raise exception 'auth.audit is append-only';
end
$$;
CREATE FUNCTION graphile_worker._private_return_jobs(worker_id text, job_ids bigint[], recovery_delay_ms bigint DEFAULT NULL::bigint, recovery_error text DEFAULT NULL::text, update_recovery_metadata boolean DEFAULT false) RETURNS void
    LANGUAGE plpgsql
    AS $$
BEGIN
    PERFORM 1 FROM graphile_worker._private_jobs AS jobs
    WHERE jobs.id = ANY(job_ids) AND jobs.locked_by = worker_id
    ORDER BY jobs.id
    FOR UPDATE;
    WITH returned AS (
        UPDATE graphile_worker._private_jobs AS jobs
        SET
            attempts = CASE WHEN EXISTS (
                SELECT 1 FROM graphile_worker._private_job_retirements AS retired
                WHERE retired.id = jobs.id
            ) THEN jobs.attempts ELSE GREATEST(0, jobs.attempts - 1) END,
            locked_by = NULL,
            locked_at = NULL,
            run_at = CASE WHEN update_recovery_metadata AND recovery_delay_ms IS NOT NULL
                THEN GREATEST(jobs.run_at, now() + recovery_delay_ms * interval '1 millisecond')
                ELSE jobs.run_at END,
            last_error = CASE WHEN update_recovery_metadata
                THEN COALESCE(recovery_error, jobs.last_error) ELSE jobs.last_error END,
            updated_at = CASE WHEN update_recovery_metadata THEN now() ELSE jobs.updated_at END
        WHERE jobs.id = ANY(job_ids) AND jobs.locked_by = worker_id
        RETURNING jobs.job_queue_id
    )
    UPDATE graphile_worker._private_job_queues AS queues
    SET locked_by = NULL, locked_at = NULL
    FROM returned
    WHERE queues.id = returned.job_queue_id AND queues.locked_by = worker_id;
END;
$$;
SET default_tablespace = '';
SET default_table_access_method = heap;
CREATE TABLE graphile_worker._private_jobs (
    id bigint NOT NULL,
    job_queue_id integer,
    task_id integer NOT NULL,
    payload json DEFAULT '{}'::json NOT NULL,
    priority smallint DEFAULT 0 NOT NULL,
    run_at timestamp with time zone DEFAULT now() NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    max_attempts smallint DEFAULT 25 NOT NULL,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    key text,
    locked_at timestamp with time zone,
    locked_by text,
    revision integer DEFAULT 0 NOT NULL,
    flags jsonb,
    is_available boolean GENERATED ALWAYS AS (((locked_at IS NULL) AND (attempts < max_attempts))) STORED NOT NULL,
    CONSTRAINT jobs_key_check CHECK (((length(key) > 0) AND (length(key) <= 512))),
    CONSTRAINT jobs_max_attempts_check CHECK ((max_attempts >= 1))
);
CREATE FUNCTION graphile_worker.add_job(identifier text, payload json DEFAULT NULL::json, queue_name text DEFAULT NULL::text, run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, max_attempts integer DEFAULT NULL::integer, job_key text DEFAULT NULL::text, priority integer DEFAULT NULL::integer, flags text[] DEFAULT NULL::text[], job_key_mode text DEFAULT 'replace'::text) RETURNS graphile_worker._private_jobs
    LANGUAGE plpgsql
    AS $$
declare
    v_job graphile_worker._private_jobs;
begin
    if (job_key is null or job_key_mode is null or job_key_mode in ('replace', 'preserve_run_at')) then
        select * into v_job
        from graphile_worker.add_jobs(
            ARRAY[(
                identifier,
                payload,
                queue_name,
                run_at,
                max_attempts::smallint,
                job_key,
                priority::smallint,
                flags
            )::graphile_worker.job_spec],
            (job_key_mode = 'preserve_run_at')
        )
        limit 1;
        if v_job.id is null then
            raise exception 'Unable to schedule job for key "%"', coalesce(job_key, '<null>') using errcode = 'GWNOR';
        end if;
        return v_job;
    elsif job_key_mode = 'unsafe_dedupe' then
        insert into graphile_worker._private_tasks as tasks (identifier)
        select add_job.identifier
        where not exists (
            select 1 from graphile_worker._private_tasks as existing
            where existing.identifier = add_job.identifier
        )
        on conflict do nothing;
        if queue_name is not null then
            insert into graphile_worker._private_job_queues as job_queues (queue_name)
            select add_job.queue_name
            where not exists (
                select 1 from graphile_worker._private_job_queues as existing
                where existing.queue_name = add_job.queue_name
            )
            on conflict do nothing;
        end if;
        insert into graphile_worker._private_jobs as jobs (
            job_queue_id,
            task_id,
            payload,
            run_at,
            max_attempts,
            key,
            priority,
            flags
        )
        select
            job_queues.id,
            tasks.id,
            coalesce(payload, '{}'::json),
            coalesce(run_at, now()),
            coalesce(max_attempts::smallint, 25::smallint),
            job_key,
            coalesce(priority::smallint, 0::smallint),
            (
                select jsonb_object_agg(flag, true)
                from unnest(flags) as item(flag)
            )
        from graphile_worker._private_tasks as tasks
        left join graphile_worker._private_job_queues as job_queues
        on job_queues.queue_name = add_job.queue_name
        where tasks.identifier = add_job.identifier
        on conflict (key)
        do update set
            revision = jobs.revision + 1,
            updated_at = now()
        returning *
        into v_job;
        if v_job.revision = 0 then
            perform pg_notify('jobs:insert', '{"r":' || random()::text || ',"count":1}');
        end if;
        return v_job;
    else
        raise exception 'Invalid job_key_mode value, expected ''replace'', ''preserve_run_at'' or ''unsafe_dedupe''.' using errcode = 'GWBKM';
    end if;
end;
$$;
CREATE FUNCTION graphile_worker.add_jobs(specs graphile_worker.job_spec[], job_key_preserve_run_at boolean DEFAULT false) RETURNS SETOF graphile_worker._private_jobs
    LANGUAGE plpgsql
    AS $$
declare
    locked_key text;
begin
    for locked_key in
        select distinct spec.job_key
        from unnest(specs) spec
        where spec.job_key is not null
        order by spec.job_key
    loop
        perform pg_advisory_xact_lock(hashtext(locked_key));
    end loop;
    perform 1
    from graphile_worker._private_jobs as jobs
    where jobs.key = any(
        array(
            select distinct spec.job_key
            from unnest(specs) spec
            where spec.job_key is not null
        )
    )
    for update;
    insert into graphile_worker._private_tasks as tasks (identifier)
    select distinct spec.identifier
    from unnest(specs) spec
    where not exists (
        select 1 from graphile_worker._private_tasks as existing
        where existing.identifier = spec.identifier
    )
    on conflict do nothing;
    insert into graphile_worker._private_job_queues as job_queues (queue_name)
    select distinct spec.queue_name
    from unnest(specs) spec
    where spec.queue_name is not null
    and not exists (
        select 1 from graphile_worker._private_job_queues as existing
        where existing.queue_name = spec.queue_name
    )
    on conflict do nothing;
    with retired as (
        update graphile_worker._private_jobs as jobs
        set
            key = null,
            attempts = jobs.max_attempts,
            updated_at = now()
        from unnest(specs) spec
        where spec.job_key is not null
        and jobs.key = spec.job_key
        and is_available is not true
        returning jobs.id
    )
    insert into graphile_worker._private_job_retirements(id)
    select id from retired
    on conflict do nothing;
    perform pg_notify('jobs:insert', '{"r":' || random()::text || ',"count":' || array_length(specs, 1)::text || '}');
    return query insert into graphile_worker._private_jobs as jobs (
        job_queue_id,
        task_id,
        payload,
        run_at,
        max_attempts,
        key,
        priority,
        flags
    )
        select
            job_queues.id,
            tasks.id,
            coalesce(spec.payload, '{}'::json),
            coalesce(spec.run_at, now()),
            coalesce(spec.max_attempts, 25),
            spec.job_key,
            coalesce(spec.priority, 0),
            (
                select jsonb_object_agg(flag, true)
                from unnest(spec.flags) as item(flag)
            )
        from unnest(specs) spec
        inner join graphile_worker._private_tasks as tasks
        on tasks.identifier = spec.identifier
        left join graphile_worker._private_job_queues as job_queues
        on job_queues.queue_name = spec.queue_name
    on conflict (key) do update set
        job_queue_id = excluded.job_queue_id,
        task_id = excluded.task_id,
        payload =
            case
            when json_typeof(jobs.payload) = 'array' and json_typeof(excluded.payload) = 'array' then
                (jobs.payload::jsonb || excluded.payload::jsonb)::json
            else
                excluded.payload
            end,
        max_attempts = excluded.max_attempts,
        run_at = (case
            when job_key_preserve_run_at is true and jobs.attempts = 0 then jobs.run_at
            else excluded.run_at
        end),
        priority = excluded.priority,
        revision = jobs.revision + 1,
        flags = excluded.flags,
        attempts = 0,
        last_error = null,
        updated_at = now()
    where jobs.locked_at is null
    returning *;
end;
$$;
CREATE FUNCTION graphile_worker.complete_jobs(job_ids bigint[]) RETURNS SETOF graphile_worker._private_jobs
    LANGUAGE sql
    AS $$
    delete from graphile_worker._private_jobs as jobs
        where id = any(job_ids)
        and (
            locked_at is null
        or
            locked_at < now() - interval '4 hours'
        )
        returning *;
$$;
CREATE FUNCTION graphile_worker.delete_stale_workers(worker_ids text[]) RETURNS void
    LANGUAGE sql
    AS $$
    DELETE FROM graphile_worker._private_workers AS workers
    WHERE workers.id = ANY(worker_ids);
$$;
CREATE FUNCTION graphile_worker.force_unlock_workers(worker_ids text[]) RETURNS void
    LANGUAGE sql
    AS $$
        update graphile_worker._private_jobs as jobs
        set locked_at = null, locked_by = null
        where locked_by = any(worker_ids);
        update graphile_worker._private_job_queues as job_queues
        set locked_at = null, locked_by = null
        where locked_by = any(worker_ids);
$$;
CREATE FUNCTION graphile_worker.list_orphan_locked_workers(stale_threshold interval) RETURNS TABLE(worker_id text)
    LANGUAGE sql
    AS $$
    SELECT DISTINCT locks.locked_by AS worker_id
    FROM (
        SELECT jobs.locked_by, jobs.locked_at
        FROM graphile_worker._private_jobs AS jobs
        WHERE jobs.locked_by IS NOT NULL
        UNION ALL
        SELECT job_queues.locked_by, job_queues.locked_at
        FROM graphile_worker._private_job_queues AS job_queues
        WHERE job_queues.locked_by IS NOT NULL
    ) AS locks
    WHERE locks.locked_at < now() - stale_threshold
    AND NOT EXISTS (
        SELECT 1
        FROM graphile_worker._private_workers AS workers
        WHERE workers.id = locks.locked_by
    );
$$;
CREATE FUNCTION graphile_worker.list_stale_workers(stale_threshold interval) RETURNS TABLE(worker_id text)
    LANGUAGE sql
    AS $$
    SELECT workers.id AS worker_id
    FROM graphile_worker._private_workers AS workers
    WHERE workers.last_heartbeat_at < now() - stale_threshold;
$$;
CREATE FUNCTION graphile_worker.permanently_fail_jobs(job_ids bigint[], error_message text DEFAULT NULL::text) RETURNS SETOF graphile_worker._private_jobs
    LANGUAGE sql
    AS $$
    WITH retired AS (
    UPDATE graphile_worker._private_jobs AS jobs
    SET
        last_error = COALESCE(error_message, 'Manually marked as failed'),
        attempts = max_attempts,
        updated_at = now()
    WHERE id = ANY(job_ids)
    AND (
        locked_at IS NULL
    OR
        locked_at < NOW() - interval '4 hours'
    )
    RETURNING *
    ), marked AS (
        INSERT INTO graphile_worker._private_job_retirements(id)
        SELECT id FROM retired
        ON CONFLICT DO NOTHING
    )
    SELECT * FROM retired;
$$;
CREATE FUNCTION graphile_worker.recover_dead_worker_jobs(worker_ids text[], recovery_delay interval DEFAULT '00:00:00'::interval) RETURNS integer
    LANGUAGE plpgsql
    AS $$
DECLARE
    recovered_count integer := 0;
BEGIN
    -- Take row locks before the statement that reads retirement markers.
    PERFORM 1 FROM graphile_worker._private_jobs AS jobs
    WHERE jobs.locked_by = ANY(worker_ids)
    ORDER BY jobs.id
    FOR UPDATE;
    WITH j AS (
        UPDATE graphile_worker._private_jobs AS jobs
        SET
            attempts = CASE WHEN EXISTS (
                SELECT 1 FROM graphile_worker._private_job_retirements AS retired
                WHERE retired.id = jobs.id
            ) THEN jobs.attempts
                ELSE GREATEST(0, jobs.attempts - 1) END,
            locked_by = NULL,
            locked_at = NULL,
            run_at = GREATEST(jobs.run_at, now() + recovery_delay),
            last_error = 'Job recovered after worker interruption',
            updated_at = now()
        WHERE jobs.locked_by = ANY(worker_ids)
        RETURNING jobs.job_queue_id
    )
    SELECT COUNT(*) INTO recovered_count FROM j;
    UPDATE graphile_worker._private_job_queues AS job_queues
    SET locked_by = NULL, locked_at = NULL
    WHERE job_queues.locked_by = ANY(worker_ids);
    RETURN recovered_count;
END;
$$;
CREATE FUNCTION graphile_worker.remove_job(job_key text) RETURNS graphile_worker._private_jobs
    LANGUAGE plpgsql STRICT
    AS $$
declare
    v_job graphile_worker._private_jobs;
begin
    -- Delete job if not locked
    DELETE FROM graphile_worker._private_jobs AS jobs
    WHERE key = job_key
    AND (
        locked_at IS NULL
    OR
        locked_at < NOW() - interval '4 hours'
    )
    RETURNING * INTO v_job;
    IF NOT (v_job IS NULL) THEN
        RETURN v_job;
    END IF;
    -- Otherwise prevent job from retrying, and clear the key
    UPDATE graphile_worker._private_jobs AS jobs
    SET
        key = NULL,
        attempts = jobs.max_attempts,
        updated_at = now()
    WHERE key = job_key
    RETURNING * INTO v_job;
    IF v_job.id IS NOT NULL THEN
        INSERT INTO graphile_worker._private_job_retirements(id)
        VALUES (v_job.id) ON CONFLICT DO NOTHING;
    END IF;
    RETURN v_job;
end;
$$;
CREATE FUNCTION graphile_worker.reschedule_jobs(job_ids bigint[], run_at timestamp with time zone DEFAULT NULL::timestamp with time zone, priority integer DEFAULT NULL::integer, attempts integer DEFAULT NULL::integer, max_attempts integer DEFAULT NULL::integer) RETURNS SETOF graphile_worker._private_jobs
    LANGUAGE plpgsql
    AS $$
BEGIN
    -- Explicit revival must see and clear a concurrently committed retirement.
    PERFORM 1 FROM graphile_worker._private_jobs AS jobs
    WHERE jobs.id = ANY(job_ids)
    AND (jobs.locked_at IS NULL OR jobs.locked_at < now() - interval '4 hours')
    ORDER BY jobs.id
    FOR UPDATE;
    RETURN QUERY WITH updated AS (
    UPDATE graphile_worker._private_jobs AS jobs
    SET
        run_at = COALESCE(reschedule_jobs.run_at, jobs.run_at),
        priority = COALESCE(reschedule_jobs.priority::smallint, jobs.priority),
        attempts = COALESCE(reschedule_jobs.attempts::smallint, jobs.attempts),
        max_attempts = COALESCE(reschedule_jobs.max_attempts::smallint, jobs.max_attempts),
        updated_at = now()
    WHERE id = ANY(job_ids)
    AND (
        locked_at IS NULL
    OR
        locked_at < NOW() - interval '4 hours'
    )
    RETURNING *
    ), cleared AS (
        DELETE FROM graphile_worker._private_job_retirements AS retired
        USING updated
        WHERE retired.id = updated.id
    )
    SELECT * FROM updated;
END;
$$;
CREATE FUNCTION graphile_worker.worker_deregister(worker_id text) RETURNS void
    LANGUAGE sql
    AS $$
    DELETE FROM graphile_worker._private_workers
    WHERE id = worker_deregister.worker_id;
$$;
CREATE FUNCTION graphile_worker.worker_heartbeat(worker_id text, metadata json DEFAULT NULL::json) RETURNS void
    LANGUAGE sql
    AS $$
    INSERT INTO graphile_worker._private_workers AS workers (id, last_heartbeat_at, metadata)
    VALUES (worker_heartbeat.worker_id, now(), metadata::jsonb)
    ON CONFLICT (id) DO UPDATE
    SET
        last_heartbeat_at = now(),
        metadata = COALESCE(EXCLUDED.metadata, workers.metadata);
$$;
CREATE FUNCTION orders.code_number(id uuid) RETURNS bigint
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN (((('x'::text || "right"((id)::text, 8)))::bit(32))::bigint % (390625)::bigint);
CREATE FUNCTION search.form(name text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(lower(name), '\s'::text, ''::text, 'g'::text);
CREATE FUNCTION search.pairs(form text) RETURNS text[]
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN ARRAY(SELECT DISTINCT substr(pairs.form, at.at, 2) AS substr FROM generate_series(1, (char_length(pairs.form) - 1)) at(at));
CREATE TABLE auth.accounts (
    user_id uuid NOT NULL,
    email text NOT NULL,
    password_hash text NOT NULL,
    roles text[] NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT accounts_email_lower CHECK ((email = lower(email))),
    CONSTRAINT accounts_roles_known CHECK ((roles <@ ARRAY['customer'::text, 'courier'::text, 'owner'::text, 'agent'::text, 'admin'::text, 'service'::text]))
);
CREATE TABLE auth.attempts (
    email text NOT NULL,
    address text NOT NULL,
    count integer NOT NULL,
    last_at timestamp with time zone NOT NULL,
    locked_until timestamp with time zone,
    under_way integer DEFAULT 0 NOT NULL
);
CREATE TABLE auth.audit (
    id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    user_id uuid,
    session_id uuid,
    address text
);
ALTER TABLE auth.audit ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME auth.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE auth.refresh_tokens (
    hash bytea NOT NULL,
    session_id uuid NOT NULL,
    generation integer NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT refresh_tokens_hash_is_sha256 CHECK ((octet_length(hash) = 32))
);
CREATE TABLE auth.sessions (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    device text NOT NULL,
    address text NOT NULL,
    created_at timestamp with time zone NOT NULL,
    last_seen_at timestamp with time zone NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    newest integer DEFAULT 0 NOT NULL
);
CREATE TABLE auth.signing_keys (
    kid text NOT NULL,
    private_key bytea NOT NULL,
    pepper bytea NOT NULL,
    created_at timestamp with time zone NOT NULL,
    CONSTRAINT signing_keys_pepper_long CHECK ((octet_length(pepper) = 32))
);
CREATE TABLE auth.stranger_attempts (
    email text NOT NULL,
    last_at timestamp with time zone NOT NULL,
    clear_at timestamp with time zone
);
CREATE TABLE cart.carts (
    customer_id uuid NOT NULL,
    version bigint NOT NULL,
    restaurant_id uuid,
    lines jsonb NOT NULL,
    added uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT carts_of_one_restaurant CHECK (((restaurant_id IS NULL) = (lines = '[]'::jsonb))),
    CONSTRAINT carts_version_positive CHECK ((version > 0))
);
CREATE TABLE cart.quotes (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    quote jsonb NOT NULL,
    expires_at timestamp with time zone NOT NULL
);
CREATE TABLE codes.tries (
    code text NOT NULL,
    used integer NOT NULL,
    CONSTRAINT tries_not_negative CHECK ((used >= 0))
);
CREATE TABLE gateway.idempotency_keys (
    user_id uuid NOT NULL,
    name text NOT NULL,
    request_hash bytea NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    status smallint,
    headers jsonb,
    body bytea,
    owner bigint,
    CONSTRAINT idempotency_keys_answer_whole CHECK ((num_nonnulls(status, headers, body) = ANY (ARRAY[0, 3]))),
    CONSTRAINT idempotency_keys_hash_is_sha256 CHECK ((octet_length(request_hash) = 32))
);
CREATE TABLE graphile_worker._private_job_queues (
    id integer NOT NULL,
    queue_name text NOT NULL,
    locked_at timestamp with time zone,
    locked_by text,
    is_available boolean GENERATED ALWAYS AS ((locked_at IS NULL)) STORED NOT NULL,
    CONSTRAINT job_queues_queue_name_check CHECK ((length(queue_name) <= 128))
);
CREATE TABLE graphile_worker._private_job_retirements (
    id bigint NOT NULL
);
CREATE TABLE graphile_worker._private_known_crontabs (
    identifier text NOT NULL,
    known_since timestamp with time zone NOT NULL,
    last_execution timestamp with time zone
);
CREATE TABLE graphile_worker._private_tasks (
    id integer NOT NULL,
    identifier text NOT NULL,
    CONSTRAINT tasks_identifier_check CHECK ((length(identifier) <= 128))
);
CREATE TABLE graphile_worker._private_workers (
    id text NOT NULL,
    last_heartbeat_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone DEFAULT now() NOT NULL,
    metadata jsonb
);
ALTER TABLE graphile_worker._private_job_queues ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME graphile_worker.job_queues_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE VIEW graphile_worker.jobs AS
 SELECT jobs.id,
    job_queues.queue_name,
    tasks.identifier AS task_identifier,
    jobs.priority,
    jobs.run_at,
    jobs.attempts,
    jobs.max_attempts,
    jobs.last_error,
    jobs.created_at,
    jobs.updated_at,
    jobs.key,
    jobs.locked_at,
    jobs.locked_by,
    jobs.revision,
    jobs.flags
   FROM ((graphile_worker._private_jobs jobs
     JOIN graphile_worker._private_tasks tasks ON ((tasks.id = jobs.task_id)))
     LEFT JOIN graphile_worker._private_job_queues job_queues ON ((job_queues.id = jobs.job_queue_id)));
ALTER TABLE graphile_worker._private_jobs ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME graphile_worker.jobs_id_seq1
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE graphile_worker.migrations (
    id integer NOT NULL,
    ts timestamp with time zone DEFAULT now() NOT NULL,
    breaking boolean DEFAULT false NOT NULL
);
ALTER TABLE graphile_worker._private_tasks ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME graphile_worker.tasks_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE journal.epoch (
    only_row boolean DEFAULT true NOT NULL,
    epoch text NOT NULL,
    CONSTRAINT epoch_one_row CHECK (only_row)
);
CREATE TABLE journal.events (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY LIST (split_part(channel, ':'::text, 1));
CREATE TABLE journal.events_courier (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY RANGE (at);
CREATE TABLE journal.events_courier_202611 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_courier_202612 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_courier_202701 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_courier_rest (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_delivery (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY RANGE (at);
CREATE TABLE journal.events_delivery_202611 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_delivery_202612 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_delivery_202701 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_delivery_rest (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_desk (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY RANGE (at);
CREATE TABLE journal.events_desk_202611 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_desk_202612 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_desk_202701 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_desk_rest (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_merchant (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY RANGE (at);
CREATE TABLE journal.events_merchant_202611 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_merchant_202612 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_merchant_202701 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_merchant_rest (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_order (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY RANGE (at);
CREATE TABLE journal.events_order_202611 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_order_202612 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_order_202701 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_order_rest (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_other (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
)
PARTITION BY RANGE (at);
CREATE TABLE journal.events_other_202611 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_other_202612 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_other_202701 (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.events_other_rest (
    channel text NOT NULL,
    "offset" bigint NOT NULL,
    type text NOT NULL,
    at timestamp with time zone NOT NULL,
    data jsonb NOT NULL,
    audience smallint DEFAULT 0 NOT NULL,
    CONSTRAINT events_audience_known CHECK (((audience >= 0) AND (audience <= 127))),
    CONSTRAINT events_offset_positive CHECK (("offset" > 0))
);
CREATE TABLE journal.feeds (
    channel text NOT NULL,
    head bigint NOT NULL
);
CREATE TABLE menu.cards (
    restaurant_id uuid NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE menu.groups (
    id uuid NOT NULL,
    restaurant_id uuid NOT NULL,
    name text NOT NULL,
    "position" smallint NOT NULL
);
CREATE TABLE menu.menus (
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    price_won bigint NOT NULL,
    sold_out boolean NOT NULL,
    "position" smallint NOT NULL,
    CONSTRAINT menus_price_in_range CHECK (((price_won >= 0) AND (price_won <= 10000000)))
);
CREATE TABLE menu.option_groups (
    id uuid NOT NULL,
    menu_id uuid NOT NULL,
    name text NOT NULL,
    min smallint NOT NULL,
    max smallint NOT NULL,
    is_unique boolean NOT NULL,
    "position" smallint NOT NULL,
    CONSTRAINT option_groups_counts CHECK (((min >= 0) AND (max >= 1) AND (min <= max)))
);
CREATE TABLE menu.options (
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    name text NOT NULL,
    price_won bigint NOT NULL,
    max_quantity smallint NOT NULL,
    sold_out boolean NOT NULL,
    "position" smallint NOT NULL,
    CONSTRAINT options_max_positive CHECK ((max_quantity >= 1)),
    CONSTRAINT options_price_in_range CHECK (((price_won >= 0) AND (price_won <= 10000000)))
);
CREATE TABLE orders.interventions (
    order_id uuid NOT NULL,
    operator uuid NOT NULL,
    fault text NOT NULL,
    reason text NOT NULL,
    refund_won bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT interventions_fault_known CHECK ((fault = ANY (ARRAY['customer'::text, 'restaurant'::text, 'courier'::text, 'platform'::text]))),
    CONSTRAINT interventions_refund_not_negative CHECK ((refund_won >= 0))
);
CREATE TABLE orders.orders (
    id uuid NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    customer_id uuid NOT NULL,
    restaurant_id uuid NOT NULL,
    courier_id uuid,
    payable_won bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    placed_at timestamp with time zone,
    quote_id uuid NOT NULL,
    state jsonb NOT NULL,
    cart_version bigint,
    CONSTRAINT orders_payable_not_negative CHECK ((payable_won >= 0)),
    CONSTRAINT orders_version_positive CHECK ((version > 0))
);
CREATE TABLE orders.unmaskings (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    by_user uuid NOT NULL,
    reason text NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT unmaskings_reason_said CHECK ((reason <> ''::text))
);
CREATE TABLE payment.payments (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    amount_won bigint NOT NULL,
    status text NOT NULL,
    asked integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT payments_amount_positive CHECK ((amount_won > 0)),
    CONSTRAINT payments_status_known CHECK ((status = ANY (ARRAY['in_progress'::text, 'done'::text, 'aborted'::text, 'unknown'::text, 'partially_cancelled'::text, 'cancelled'::text])))
);
CREATE TABLE payment.refunds (
    id uuid NOT NULL,
    payment_id uuid NOT NULL,
    order_id uuid NOT NULL,
    amount_won bigint NOT NULL,
    reason text NOT NULL,
    status text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT refunds_amount_positive CHECK ((amount_won > 0)),
    CONSTRAINT refunds_reason_known CHECK ((reason = ANY (ARRAY['order_ended'::text, 'amount_differs'::text, 'late_approval'::text]))),
    CONSTRAINT refunds_status_known CHECK ((status = ANY (ARRAY['requested'::text, 'succeeded'::text, 'failed'::text])))
);
CREATE TABLE public._sqlx_migrations (
    version bigint NOT NULL,
    description text NOT NULL,
    installed_on timestamp with time zone DEFAULT now() NOT NULL,
    success boolean NOT NULL,
    checksum bytea NOT NULL,
    execution_time bigint NOT NULL
);
CREATE TABLE restaurant.restaurants (
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    name text NOT NULL,
    category text NOT NULL,
    phone text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    gu text NOT NULL,
    dong text NOT NULL,
    minimum_order_won bigint NOT NULL,
    preparation_mins smallint NOT NULL,
    paused_until timestamp with time zone,
    tip jsonb NOT NULL,
    hours jsonb NOT NULL,
    zones jsonb NOT NULL,
    reach_m integer NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT restaurants_minimum_not_negative CHECK ((minimum_order_won >= 0)),
    CONSTRAINT restaurants_on_earth CHECK ((((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)) AND ((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision)))),
    CONSTRAINT restaurants_preparation_in_range CHECK (((preparation_mins >= 5) AND (preparation_mins <= 90))),
    CONSTRAINT restaurants_reach_in_range CHECK (((reach_m >= 0) AND (reach_m <= 20000)))
);
CREATE TABLE schema.minimum_versions (
    migration bigint NOT NULL,
    version text NOT NULL,
    why text NOT NULL,
    CONSTRAINT minimum_versions_three_numbers CHECK ((version ~ '^\d+\.\d+\.\d+$'::text))
);
CREATE TABLE support.agents (
    agent_id uuid NOT NULL,
    online boolean NOT NULL,
    capacity integer NOT NULL,
    last_turn bigint DEFAULT 0 NOT NULL,
    CONSTRAINT agents_capacity CHECK (((capacity >= 0) AND (capacity <= 50)))
);
CREATE TABLE support.conversations (
    id uuid NOT NULL,
    customer_id uuid NOT NULL,
    opening_id uuid NOT NULL,
    topic text NOT NULL,
    order_id uuid,
    status text NOT NULL,
    agent_id uuid,
    last_seq bigint NOT NULL,
    customer_read_seq bigint DEFAULT 0 NOT NULL,
    agent_read_seq bigint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    queued_at timestamp with time zone NOT NULL,
    resolved_at timestamp with time zone,
    CONSTRAINT conversations_agent CHECK (
CASE status
    WHEN 'queued'::text THEN (agent_id IS NULL)
    WHEN 'resolved'::text THEN true
    ELSE (agent_id IS NOT NULL)
END),
    CONSTRAINT conversations_not_own_agent CHECK ((agent_id <> customer_id)),
    CONSTRAINT conversations_read_marks CHECK ((((customer_read_seq >= 0) AND (customer_read_seq <= last_seq)) AND ((agent_read_seq >= 0) AND (agent_read_seq <= last_seq)))),
    CONSTRAINT conversations_resolved_at CHECK (((status = 'resolved'::text) = (resolved_at IS NOT NULL))),
    CONSTRAINT conversations_status CHECK ((status = ANY (ARRAY['queued'::text, 'open'::text, 'pending'::text, 'resolved'::text]))),
    CONSTRAINT conversations_topic CHECK ((topic = ANY (ARRAY['order'::text, 'payment'::text, 'delivery'::text, 'account'::text, 'other'::text])))
);
CREATE TABLE support.entries (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    person_id uuid,
    side text,
    message_id uuid,
    client_message_id uuid,
    text text,
    private_note boolean DEFAULT false NOT NULL,
    CONSTRAINT entries_kind CHECK (
CASE kind
    WHEN 'chat.message'::text THEN ((person_id IS NOT NULL) AND (side IS NOT NULL) AND (message_id IS NOT NULL) AND (client_message_id IS NOT NULL) AND (text IS NOT NULL))
    WHEN 'chat.assigned'::text THEN (person_id IS NOT NULL)
    WHEN 'chat.resolved'::text THEN (side IS NOT NULL)
    ELSE (kind = 'chat.reopened'::text)
END),
    CONSTRAINT entries_private_note CHECK (((NOT private_note) OR (side = 'agent'::text))),
    CONSTRAINT entries_side CHECK ((side = ANY (ARRAY['customer'::text, 'agent'::text])))
);
CREATE TABLE support.faqs (
    id uuid NOT NULL,
    category text NOT NULL,
    "position" integer NOT NULL,
    question_ko text NOT NULL,
    answer_ko text NOT NULL,
    question_en text NOT NULL,
    answer_en text NOT NULL,
    CONSTRAINT faqs_category CHECK ((category = ANY (ARRAY['order'::text, 'payment'::text, 'delivery'::text, 'account'::text, 'other'::text])))
);
CREATE TABLE tracking.couriers (
    id uuid NOT NULL,
    name text NOT NULL,
    vehicle text NOT NULL,
    on_shift boolean DEFAULT false NOT NULL,
    session_epoch bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT couriers_vehicle_known CHECK ((vehicle = ANY (ARRAY['walk'::text, 'bicycle'::text, 'motorbike'::text, 'car'::text])))
);
CREATE TABLE tracking.deliveries (
    order_id uuid NOT NULL,
    version bigint NOT NULL,
    status text NOT NULL,
    customer_id uuid NOT NULL,
    restaurant_id uuid NOT NULL,
    restaurant_name text NOT NULL,
    pickup_lat double precision NOT NULL,
    pickup_lon double precision NOT NULL,
    drop_off_lat double precision NOT NULL,
    drop_off_lon double precision NOT NULL,
    road_address text NOT NULL,
    detail text NOT NULL,
    entrance_note text NOT NULL,
    courier_id uuid,
    courier_name text,
    courier_vehicle text,
    requested_at timestamp with time zone NOT NULL,
    ready_by timestamp with time zone NOT NULL,
    promised_at timestamp with time zone NOT NULL,
    near_told boolean DEFAULT false NOT NULL,
    late_told boolean DEFAULT false NOT NULL,
    handover jsonb,
    CONSTRAINT deliveries_courier_whole CHECK ((((courier_id IS NULL) = (courier_name IS NULL)) AND ((courier_id IS NULL) = (courier_vehicle IS NULL)))),
    CONSTRAINT deliveries_live_has_courier CHECK (((courier_id IS NOT NULL) OR (status = ANY (ARRAY['requested'::text, 'offered'::text, 'cancelled'::text])))),
    CONSTRAINT deliveries_status_known CHECK ((status = ANY (ARRAY['requested'::text, 'offered'::text, 'assigned'::text, 'at_restaurant'::text, 'picked_up'::text, 'at_dropoff'::text, 'delivered'::text, 'cancelled'::text, 'undeliverable'::text, 'returned'::text, 'disposed'::text])))
);
CREATE TABLE tracking.devices (
    id uuid NOT NULL,
    courier_id uuid NOT NULL,
    name text NOT NULL,
    token_sha256 bytea NOT NULL,
    number bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    speed_unit text DEFAULT 'kn'::text NOT NULL,
    CONSTRAINT devices_speed_unit_known CHECK ((speed_unit = ANY (ARRAY['kn'::text, 'kmh'::text, 'ms'::text])))
);
ALTER TABLE tracking.devices ALTER COLUMN number ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tracking.devices_number_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE tracking.offers (
    id uuid NOT NULL,
    order_id uuid NOT NULL,
    courier_id uuid NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    round integer NOT NULL,
    distance_m double precision NOT NULL,
    fee_won bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT offers_status_known CHECK ((status = ANY (ARRAY['pending'::text, 'accepted'::text, 'declined'::text, 'expired'::text, 'revoked'::text])))
);
CREATE TABLE tracking.positions (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
)
PARTITION BY RANGE (at);
CREATE TABLE tracking.positions_20261121 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261122 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261123 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261124 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261125 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261126 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261127 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261128 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261129 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.positions_20261130 (
    courier_id uuid NOT NULL,
    track bigint NOT NULL,
    seq bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    accuracy_m real,
    speed_mps real,
    heading_deg real
);
CREATE TABLE tracking.rejected (
    courier_id uuid NOT NULL,
    day date NOT NULL,
    reason text NOT NULL,
    fixes bigint NOT NULL
);
CREATE TABLE users.addresses (
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    label text NOT NULL,
    road_address text NOT NULL,
    detail text NOT NULL,
    entrance_note text NOT NULL,
    lat double precision NOT NULL,
    lon double precision NOT NULL,
    gu text,
    dong text,
    is_default boolean NOT NULL,
    created_at timestamp with time zone NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    CONSTRAINT addresses_on_earth CHECK ((((lat >= ('-90'::integer)::double precision) AND (lat <= (90)::double precision)) AND ((lon >= ('-180'::integer)::double precision) AND (lon <= (180)::double precision))))
);
CREATE TABLE users.phone_searches (
    id uuid NOT NULL,
    by_user uuid NOT NULL,
    found integer NOT NULL,
    at timestamp with time zone NOT NULL
);
CREATE TABLE users.profiles (
    id uuid NOT NULL,
    name text NOT NULL,
    phone text NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    created_at timestamp with time zone NOT NULL,
    updated_at timestamp with time zone NOT NULL,
    CONSTRAINT profiles_name_length CHECK (((octet_length(name) >= 1) AND (octet_length(name) <= 200)))
);
ALTER TABLE ONLY journal.events ATTACH PARTITION journal.events_courier FOR VALUES IN ('courier');
ALTER TABLE ONLY journal.events_courier ATTACH PARTITION journal.events_courier_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY journal.events_courier ATTACH PARTITION journal.events_courier_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY journal.events_courier ATTACH PARTITION journal.events_courier_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY journal.events_courier ATTACH PARTITION journal.events_courier_rest DEFAULT;
ALTER TABLE ONLY journal.events ATTACH PARTITION journal.events_delivery FOR VALUES IN ('delivery');
ALTER TABLE ONLY journal.events_delivery ATTACH PARTITION journal.events_delivery_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY journal.events_delivery ATTACH PARTITION journal.events_delivery_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY journal.events_delivery ATTACH PARTITION journal.events_delivery_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY journal.events_delivery ATTACH PARTITION journal.events_delivery_rest DEFAULT;
ALTER TABLE ONLY journal.events ATTACH PARTITION journal.events_desk FOR VALUES IN ('desk');
ALTER TABLE ONLY journal.events_desk ATTACH PARTITION journal.events_desk_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY journal.events_desk ATTACH PARTITION journal.events_desk_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY journal.events_desk ATTACH PARTITION journal.events_desk_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY journal.events_desk ATTACH PARTITION journal.events_desk_rest DEFAULT;
ALTER TABLE ONLY journal.events ATTACH PARTITION journal.events_merchant FOR VALUES IN ('merchant');
ALTER TABLE ONLY journal.events_merchant ATTACH PARTITION journal.events_merchant_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY journal.events_merchant ATTACH PARTITION journal.events_merchant_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY journal.events_merchant ATTACH PARTITION journal.events_merchant_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY journal.events_merchant ATTACH PARTITION journal.events_merchant_rest DEFAULT;
ALTER TABLE ONLY journal.events ATTACH PARTITION journal.events_order FOR VALUES IN ('order');
ALTER TABLE ONLY journal.events_order ATTACH PARTITION journal.events_order_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY journal.events_order ATTACH PARTITION journal.events_order_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY journal.events_order ATTACH PARTITION journal.events_order_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY journal.events_order ATTACH PARTITION journal.events_order_rest DEFAULT;
ALTER TABLE ONLY journal.events ATTACH PARTITION journal.events_other DEFAULT;
ALTER TABLE ONLY journal.events_other ATTACH PARTITION journal.events_other_202611 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');
ALTER TABLE ONLY journal.events_other ATTACH PARTITION journal.events_other_202612 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');
ALTER TABLE ONLY journal.events_other ATTACH PARTITION journal.events_other_202701 FOR VALUES FROM ('2027-01-01 00:00:00+00') TO ('2027-02-01 00:00:00+00');
ALTER TABLE ONLY journal.events_other ATTACH PARTITION journal.events_other_rest DEFAULT;
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261121 FOR VALUES FROM ('2026-11-21 00:00:00+00') TO ('2026-11-22 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261122 FOR VALUES FROM ('2026-11-22 00:00:00+00') TO ('2026-11-23 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261123 FOR VALUES FROM ('2026-11-23 00:00:00+00') TO ('2026-11-24 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261124 FOR VALUES FROM ('2026-11-24 00:00:00+00') TO ('2026-11-25 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261125 FOR VALUES FROM ('2026-11-25 00:00:00+00') TO ('2026-11-26 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261126 FOR VALUES FROM ('2026-11-26 00:00:00+00') TO ('2026-11-27 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261127 FOR VALUES FROM ('2026-11-27 00:00:00+00') TO ('2026-11-28 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261128 FOR VALUES FROM ('2026-11-28 00:00:00+00') TO ('2026-11-29 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261129 FOR VALUES FROM ('2026-11-29 00:00:00+00') TO ('2026-11-30 00:00:00+00');
ALTER TABLE ONLY tracking.positions ATTACH PARTITION tracking.positions_20261130 FOR VALUES FROM ('2026-11-30 00:00:00+00') TO ('2026-12-01 00:00:00+00');
INSERT INTO auth.accounts VALUES
	('01a21970-aa0d-76c1-859d-691c6a73787a', 'owner@test.baedal.example', '$argon2id$v=19$m=8,t=1,p=1$PVBpnGR/1aUnXPrdEqqXBQ$NsrlVw8KL2Cno+G74YHQ4m58RGaXn4QFt8l5XDbkxyQ', '{owner}', '2026-11-23 03:00:00.001565+00'),
	('01a21970-aa19-717f-b8c1-d448c66c15c9', 'courier@test.baedal.example', '$argon2id$v=19$m=8,t=1,p=1$TMOc+bs1cwnZ1plwMTMCBQ$qCqNyoPhBcqeF1TkUaaqiYSkY5rvO8UU0S2Vql5gALM', '{courier}', '2026-11-23 03:00:00.013942+00'),
	('01a21970-aa22-706a-9b4c-4ee012cd1c92', 'agent@test.baedal.example', '$argon2id$v=19$m=8,t=1,p=1$Kdt9l43g7JanhTitAoXHMA$VkcSvKYg1tZmSOMjeiCZuhG+PePIWQbKSJsB1C53mvw', '{agent}', '2026-11-23 03:00:00.022533+00'),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'customer@test.baedal.example', '$argon2id$v=19$m=8,t=1,p=1$uEusvOmCT5zv56en65QZOw$vEFDRoPeJF3U1XpVKUzjNFPTVdh7e5rq/HkBt4Tl9QA', '{customer}', '2026-11-23 03:00:00.031466+00');
INSERT INTO auth.audit OVERRIDING SYSTEM VALUE VALUES
	(1, '2026-11-23 03:00:00.001565+00', 'signed_up', '01a21970-aa0d-76c1-859d-691c6a73787a', NULL, NULL),
	(2, '2026-11-23 03:00:00.013942+00', 'signed_up', '01a21970-aa19-717f-b8c1-d448c66c15c9', NULL, NULL),
	(3, '2026-11-23 03:00:00.022533+00', 'signed_up', '01a21970-aa22-706a-9b4c-4ee012cd1c92', NULL, NULL),
	(4, '2026-11-23 03:00:00.031466+00', 'signed_up', '01a21970-aa2b-707e-81d9-ca9978d90ed1', NULL, NULL),
	(5, '2026-11-23 03:00:00.041802+00', 'signed_in', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '01a21970-aa36-72df-9537-59cade81cb69', '127.0.0.1'),
	(6, '2026-11-23 03:00:00.051751+00', 'signed_in', '01a21970-aa0d-76c1-859d-691c6a73787a', '01a21970-aa40-779b-ae42-34fafd29a070', '127.0.0.1'),
	(7, '2026-11-23 03:00:00.056417+00', 'signed_in', '01a21970-aa19-717f-b8c1-d448c66c15c9', '01a21970-aa45-7568-96a0-4e7d336bf60e', '127.0.0.1'),
	(8, '2026-11-23 03:00:00.060901+00', 'signed_in', '01a21970-aa22-706a-9b4c-4ee012cd1c92', '01a21970-aa49-71a7-8597-022b71aedcc1', '127.0.0.1');
INSERT INTO auth.refresh_tokens VALUES
	('\x0e503df97c1fd29b4f0d780fe5cab6deb9143d71c927ffe5438ecad97ab167f4', '01a21970-aa36-72df-9537-59cade81cb69', 0, NULL),
	('\xe01a56dd103739cd17c3c8bf439110099f4a1ca7001f2ec38c73c4f15db869fc', '01a21970-aa40-779b-ae42-34fafd29a070', 0, NULL),
	('\x6f44b3f977dd7719ab3d7b22891ccd559528d7d8e28289b37a52b5ee6842f9ed', '01a21970-aa45-7568-96a0-4e7d336bf60e', 0, NULL),
	('\xa0489865c5b8324caea18338e0562bf26e7603608950e557b1832a20195b0087', '01a21970-aa49-71a7-8597-022b71aedcc1', 0, NULL);
INSERT INTO auth.sessions VALUES
	('01a21970-aa36-72df-9537-59cade81cb69', '01a21970-aa2b-707e-81d9-ca9978d90ed1', 'sim', '127.0.0.1', '2026-11-23 03:00:00.041802+00', '2026-11-23 03:00:00.041802+00', '2026-12-23 03:00:00.041802+00', NULL, 0),
	('01a21970-aa40-779b-ae42-34fafd29a070', '01a21970-aa0d-76c1-859d-691c6a73787a', 'sim', '127.0.0.1', '2026-11-23 03:00:00.051751+00', '2026-11-23 03:00:00.051751+00', '2026-12-23 03:00:00.051751+00', NULL, 0),
	('01a21970-aa45-7568-96a0-4e7d336bf60e', '01a21970-aa19-717f-b8c1-d448c66c15c9', 'sim', '127.0.0.1', '2026-11-23 03:00:00.056417+00', '2026-11-23 03:00:00.056417+00', '2026-12-23 03:00:00.056417+00', NULL, 0),
	('01a21970-aa49-71a7-8597-022b71aedcc1', '01a21970-aa22-706a-9b4c-4ee012cd1c92', 'sim', '127.0.0.1', '2026-11-23 03:00:00.060901+00', '2026-11-23 03:00:00.060901+00', '2026-12-23 03:00:00.060901+00', NULL, 0);
INSERT INTO cart.carts VALUES
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 4, '01a21970-aa24-73b5-8651-a17d81114a24', '[{"id": "9655000c-c9dc-897f-a429-60c573a8832a", "name": "후라이드", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 4, "unit_price": 9000}]', '{89efb12c-4cf3-8054-b7ae-030b92244538,9655000c-c9dc-897f-a429-60c573a8832a,a88bd242-5e3e-87cd-aeec-106ce15d417c}');
INSERT INTO cart.quotes VALUES
	('01a21970-aa52-706c-b824-06c70e65d7fd', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '{"id": "01a21970-aa52-706c-b824-06c70e65d7fd", "tip": 3000, "slot": null, "lines": [{"name": "후라이드", "total": 18000, "line_id": "89efb12c-4cf3-8054-b7ae-030b92244538", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 2, "unit_price": 9000}], "method": "delivery", "pickup": {"lat": 37.5006, "lon": 127.0364}, "made_at": "2026-11-23T03:00:00.070534Z", "minimum": 15000, "payable": 21000, "customer": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "drop_off": {"detail": "101호", "position": {"lat": 37.506, "lon": 127.042}, "road_address": "서울 강남구 테헤란로 1", "entrance_note": "공동현관 1234"}, "problems": [], "subtotal": 18000, "lead_mins": 25, "expires_at": "2026-11-23T03:05:00.070534Z", "cart_version": 1, "restaurant_id": "01a21970-aa24-73b5-8651-a17d81114a24", "restaurant_name": "역삼 치킨"}', '2026-11-23 03:05:00.070534+00'),
	('01a21970-aae3-71b1-8470-751b8f310bf8', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '{"id": "01a21970-aae3-71b1-8470-751b8f310bf8", "tip": 3000, "slot": null, "lines": [{"name": "후라이드", "total": 18000, "line_id": "9655000c-c9dc-897f-a429-60c573a8832a", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 2, "unit_price": 9000}], "method": "delivery", "pickup": {"lat": 37.5006, "lon": 127.0364}, "made_at": "2026-11-23T03:00:00.215239Z", "minimum": 15000, "payable": 21000, "customer": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "drop_off": {"detail": "101호", "position": {"lat": 37.506, "lon": 127.042}, "road_address": "서울 강남구 테헤란로 1", "entrance_note": "공동현관 1234"}, "problems": [], "subtotal": 18000, "lead_mins": 25, "expires_at": "2026-11-23T03:05:00.215239Z", "cart_version": 3, "restaurant_id": "01a21970-aa24-73b5-8651-a17d81114a24", "restaurant_name": "역삼 치킨"}', '2026-11-23 03:05:00.215239+00'),
	('01a21970-ab07-7584-b6e7-144048ed8769', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '{"id": "01a21970-ab07-7584-b6e7-144048ed8769", "tip": 3000, "slot": null, "lines": [{"name": "후라이드", "total": 36000, "line_id": "9655000c-c9dc-897f-a429-60c573a8832a", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 4, "unit_price": 9000}], "method": "delivery", "pickup": {"lat": 37.5006, "lon": 127.0364}, "made_at": "2026-11-23T03:00:00.251690Z", "minimum": 15000, "payable": 39000, "customer": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "drop_off": {"detail": "101호", "position": {"lat": 37.506, "lon": 127.042}, "road_address": "서울 강남구 테헤란로 1", "entrance_note": "공동현관 1234"}, "problems": [], "subtotal": 36000, "lead_mins": 25, "expires_at": "2026-11-23T03:05:00.251690Z", "cart_version": 4, "restaurant_id": "01a21970-aa24-73b5-8651-a17d81114a24", "restaurant_name": "역삼 치킨"}', '2026-11-23 03:05:00.25169+00');
INSERT INTO gateway.idempotency_keys VALUES
	('00000000-0000-0000-0000-000000000000', '33bd1e8d-ca98-491a-a89e-f2731d7b4678:86eaa919885887bb0e9065f25d440f4378e8014de6bbea79429328c458f26da7', '\x86eaa919885887bb0e9065f25d440f4378e8014de6bbea79429328c458f26da7', '2026-11-23 03:00:00.029424+00', 201, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c22656d61696c223a22637573746f6d657240746573742e62616564616c2e6578616d706c65222c226e616d65223a22ec8690eb8b98222c2270686f6e65223a222b383231303233343536373839222c22726f6c6573223a5b22637573746f6d6572225d2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3033313436365a227d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'b1e06652-6b38-40e1-8377-c83914e8639c', '\xdc1af8bdba8035c8f7a41139a861a207af59fe3b236ac4f809803413a60ce47f', '2026-11-23 03:00:00.046079+00', 201, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616133612d373561362d383130392d393438336439343365356539222c226c6162656c223a22eca791222c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334222c22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c226775223a22eab095eb82a8eab5ac222c22646f6e67223a22ec97adec82bceb8f99222c2269735f64656661756c74223a747275657d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'ee62d15f-f9c8-4f34-8636-2e2d9a65b63a', '\xc90f4c8bd0941119ab5d939a8a369cbaa91be776d9bb9e886e68fab87c4c7c9c', '2026-11-23 03:00:00.063484+00', 201, '[["content-type", "application/json"]]', '\x7b2276657273696f6e223a312c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c226c696e6573223a5b7b226964223a2238396566623132632d346366332d383035342d623761652d303330623932323434353338222c226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c226d696e696d756d5f6f726465725f776f6e223a31353030302c2273686f727466616c6c5f776f6e223a307d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '5b3dccf6-4852-4fd9-a25d-1491be6fb2c0', '\xc88a25a2746ddd48e551c203315405893c9ae3739ad0cac7509810a316331c29', '2026-11-23 03:00:00.069549+00', 201, '[["content-type", "application/json"]]', '\x7b2271756f74655f6964223a2230316132313937302d616135322d373036632d623832342d303663373065363564376664222c22657870697265735f6174223a22323032362d31312d32335430333a30353a30302e3037303533345a222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c2266756c66696c6d656e74223a2264656c6976657279222c22736c6f74223a6e756c6c2c226c696e6573223a5b7b226964223a2238396566623132632d346366332d383035342d623761652d303330623932323434353338222c226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c226d696e696d756d5f6f726465725f776f6e223a31353030302c2273686f727466616c6c5f776f6e223a302c226f7264657261626c65223a747275652c2270726f626c656d73223a5b5d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '82e5f3e2-5c94-44f7-b6b8-5e2be4672f5c', '\x33fa747138d8ed81aa778dab9f828fe3fd289de826b19744657393cecf893069', '2026-11-23 03:00:00.073245+00', 201, '[["content-type", "application/json"], ["location", "/v1/orders/01a21970-aa56-77a1-a083-122b7beab5b9"]]', '\x7b226964223a2230316132313937302d616135362d373761312d613038332d313232623762656162356239222c22636f6465223a223650374a222c2276657273696f6e223a312c22737461747573223a2270656e64696e675f7061796d656e74222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22636f75726965725f6e6f7465223a22222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3037363639325a222c22706c616365645f6174223a6e756c6c2c2272656164795f6279223a6e756c6c2c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'c90a0f9a-dc69-42a1-9ad8-e878b6478eb4', '\xc7ea4ee49b694f20d80f2a3c0407e0319f6fba704e6be3a1f87be7405650661d', '2026-11-23 03:00:00.084525+00', 200, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616135362d373761312d613038332d313232623762656162356239222c22636f6465223a223650374a222c2276657273696f6e223a322c22737461747573223a22706c61636564222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22636f75726965725f6e6f7465223a22222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3037363639325a222c22706c616365645f6174223a22323032362d31312d32335430333a30303a30302e3039363138365a222c2272656164795f6279223a6e756c6c2c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa0d-76c1-859d-691c6a73787a', '97738ce1-ed56-47af-9fe1-86fedcb739ac', '\x0238c1dbced65c22de17488cb90400cc2cd948eb08a95bfe85f38720d2e6a332', '2026-11-23 03:00:00.131755+00', 200, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616135362d373761312d613038332d313232623762656162356239222c22636f6465223a223650374a222c2276657273696f6e223a332c22737461747573223a226163636570746564222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3037363639325a222c22706c616365645f6174223a22323032362d31312d32335430333a30303a30302e3039363138365a222c2272656164795f6279223a22323032362d31312d32335430333a31303a30302e3133323830335a222c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '601d7ea4-0ede-4755-84bb-a138f0261fc9', '\x99ba7f1502eecc1da92def29651c7e378cc11417b50ded57067e67dcd6b478f7', '2026-11-23 03:00:00.183545+00', 201, '[["content-type", "application/json"], ["location", "/v1/conversations/01a21970-aac4-72f5-a582-e4737e38df28"]]', '\x7b226964223a2230316132313937302d616163342d373266352d613538322d653437333765333864663238222c2276657273696f6e223a322c22737461747573223a226f70656e222c22746f706963223a2264656c6976657279222c226f726465725f6964223a2230316132313937302d616135362d373761312d613038332d313232623762656162356239222c226f726465725f636f6465223a223650374a222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c226167656e745f6964223a2230316132313937302d616132322d373036612d396234632d346565303132636431633932222c226c6173745f736571223a322c22637573746f6d65725f726561645f736571223a302c226167656e745f726561645f736571223a302c22756e72656164223a302c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3138343531385a222c227175657565645f6174223a22323032362d31312d32335430333a30303a30302e3138343531385a222c227265736f6c7665645f6174223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa22-706a-9b4c-4ee012cd1c92', '0ea9daeb-8b50-4b6d-b9a1-2ca6fab0a949', '\xfc3eeba12b0c1a98a7dd79669eee21eb6833c00c55a939c26a7e831d766ff1b9', '2026-11-23 03:00:00.200558+00', 201, '[["content-type", "application/json"]]', '\x7b22736571223a332c226d6573736167655f6964223a2230316132313937302d616164342d373430632d616664382d326535316634353835363364222c22636c69656e745f6d6573736167655f6964223a2230303030303030302d303030302d303030302d303030302d303030303030303030303032222c22617574686f725f6964223a2230316132313937302d616132322d373036612d396234632d346565303132636431633932222c22617574686f725f726f6c65223a226167656e74222c2274657874223a22ed9995ec9db8ed95b420ebb3b4eab2a0ec8ab5eb8b88eb8ba4222c22707269766174655f6e6f7465223a66616c73652c226174223a22323032362d31312d32335430333a30303a30302e3230313138375a227d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '25e28f62-5183-4fb3-a7ee-9ee387c11e26', '\xc90f4c8bd0941119ab5d939a8a369cbaa91be776d9bb9e886e68fab87c4c7c9c', '2026-11-23 03:00:00.210768+00', 201, '[["content-type", "application/json"]]', '\x7b2276657273696f6e223a332c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c226c696e6573223a5b7b226964223a2239363535303030632d633964632d383937662d613432392d363063353733613838333261222c226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c226d696e696d756d5f6f726465725f776f6e223a31353030302c2273686f727466616c6c5f776f6e223a307d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '8f0094a2-342d-4f80-9812-856926d4ecc5', '\xc88a25a2746ddd48e551c203315405893c9ae3739ad0cac7509810a316331c29', '2026-11-23 03:00:00.21353+00', 201, '[["content-type", "application/json"]]', '\x7b2271756f74655f6964223a2230316132313937302d616165332d373162312d383437302d373531623866333130626638222c22657870697265735f6174223a22323032362d31312d32335430333a30353a30302e3231353233395a222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c2266756c66696c6d656e74223a2264656c6976657279222c22736c6f74223a6e756c6c2c226c696e6573223a5b7b226964223a2239363535303030632d633964632d383937662d613432392d363063353733613838333261222c226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c226d696e696d756d5f6f726465725f776f6e223a31353030302c2273686f727466616c6c5f776f6e223a302c226f7264657261626c65223a747275652c2270726f626c656d73223a5b5d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '2a191537-5550-499e-968a-b763932e8da9', '\x4fb3d54048520a29518a481ed5e3baf30a0f3a3899f96660b466b9d8869b85b1', '2026-11-23 03:00:00.217804+00', 201, '[["content-type", "application/json"], ["location", "/v1/orders/01a21970-aae6-7137-8c09-4dd8ac5a59ef"]]', '\x7b226964223a2230316132313937302d616165362d373133372d386330392d346464386163356135396566222c22636f6465223a22484a564d222c2276657273696f6e223a312c22737461747573223a2270656e64696e675f7061796d656e74222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22636f75726965725f6e6f7465223a22222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3232303735315a222c22706c616365645f6174223a6e756c6c2c2272656164795f6279223a6e756c6c2c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'a3f47060-3323-4e1a-87ce-fe1c1ff5b267', '\xc90f4c8bd0941119ab5d939a8a369cbaa91be776d9bb9e886e68fab87c4c7c9c', '2026-11-23 03:00:00.247083+00', 201, '[["content-type", "application/json"]]', '\x7b2276657273696f6e223a342c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c226c696e6573223a5b7b226964223a2239363535303030632d633964632d383937662d613432392d363063353733613838333261222c226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a342c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a33363030307d5d2c22737562746f74616c5f776f6e223a33363030302c226d696e696d756d5f6f726465725f776f6e223a31353030302c2273686f727466616c6c5f776f6e223a307d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'e361e684-bd9d-475e-985a-5b72254fe019', '\xcea1c39528787333e3a75659c881368cbdf852a33de0816ed623b8c1a9fc487e', '2026-11-23 03:00:00.224235+00', 200, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616165362d373133372d386330392d346464386163356135396566222c22636f6465223a22484a564d222c2276657273696f6e223a322c22737461747573223a22706c61636564222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22636f75726965725f6e6f7465223a22222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3232303735315a222c22706c616365645f6174223a22323032362d31312d32335430333a30303a30302e3233323232345a222c2272656164795f6279223a6e756c6c2c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '8a122875-c15d-47d9-86b6-3db9f8cb7af4', '\xa14162be753438c1f8243bf5f9fd4e54082cf81fd20c687d55034d2d18588c69', '2026-11-23 03:00:00.260025+00', 200, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616230622d373164662d623335312d373132633735643537383561222c22636f6465223a2258355432222c2276657273696f6e223a322c22737461747573223a22706c61636564222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a342c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a33363030307d5d2c22737562746f74616c5f776f6e223a33363030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a33393030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22636f75726965725f6e6f7465223a22222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3235363530345a222c22706c616365645f6174223a22323032362d31312d32335430333a30303a30302e3236343535325a222c2272656164795f6279223a6e756c6c2c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa0d-76c1-859d-691c6a73787a', '7be5551c-e4ed-4fd6-9616-19fcce146de0', '\xe3f34e2ce620b2180737b681630a46c6a1c6bf5c9f6f453c58f2167ad18eb198', '2026-11-23 03:00:00.24124+00', 200, '[["content-type", "application/json"]]', '\x7b226964223a2230316132313937302d616165362d373133372d386330392d346464386163356135396566222c22636f6465223a22484a564d222c2276657273696f6e223a332c22737461747573223a226163636570746564222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a322c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a31383030307d5d2c22737562746f74616c5f776f6e223a31383030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a32313030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3232303735315a222c22706c616365645f6174223a22323032362d31312d32335430333a30303a30302e3233323232345a222c2272656164795f6279223a22323032362d31312d32335430333a31303a30302e3234323134365a222c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '3ee9b1a4-abbc-44cc-956a-3eb03aab4ed5', '\xc88a25a2746ddd48e551c203315405893c9ae3739ad0cac7509810a316331c29', '2026-11-23 03:00:00.250274+00', 201, '[["content-type", "application/json"]]', '\x7b2271756f74655f6964223a2230316132313937302d616230372d373538342d623665372d313434303438656438373639222c22657870697265735f6174223a22323032362d31312d32335430333a30353a30302e3235313639305a222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c2266756c66696c6d656e74223a2264656c6976657279222c22736c6f74223a6e756c6c2c226c696e6573223a5b7b226964223a2239363535303030632d633964632d383937662d613432392d363063353733613838333261222c226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a342c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a33363030307d5d2c22737562746f74616c5f776f6e223a33363030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a33393030302c226d696e696d756d5f6f726465725f776f6e223a31353030302c2273686f727466616c6c5f776f6e223a302c226f7264657261626c65223a747275652c2270726f626c656d73223a5b5d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d7d', 5810510112815434401),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', 'd46d0ce0-0a0a-4867-9ae5-aa87b7dcebe5', '\x140476a68ffea9ad897aa99c48a6789d217dbe71089b03aba9809328ae1a2cf8', '2026-11-23 03:00:00.254168+00', 201, '[["content-type", "application/json"], ["location", "/v1/orders/01a21970-ab0b-71df-b351-712c75d5785a"]]', '\x7b226964223a2230316132313937302d616230622d373164662d623335312d373132633735643537383561222c22636f6465223a2258355432222c2276657273696f6e223a312c22737461747573223a2270656e64696e675f7061796d656e74222c22637573746f6d65725f6964223a2230316132313937302d616132622d373037652d383164392d636139393738643930656431222c2272657374617572616e745f6964223a2230316132313937302d616132342d373362352d383635312d613137643831313134613234222c2272657374617572616e745f6e616d65223a22ec97adec82bc20ecb998ed82a8222c22636f75726965725f6964223a6e756c6c2c226c696e6573223a5b7b226d656e755f6964223a2230316132313937302d616132342d373362352d383635312d613137653263653430323366222c226e616d65223a22ed9b84eb9dbcec9db4eb939c222c227175616e74697479223a342c226f7074696f6e73223a5b7b226f7074696f6e5f6964223a2230316132313937302d616132342d373362352d383635312d613137663433666633316134222c226e616d65223a22ec889ced959ceba79b222c227175616e74697479223a312c2270726963655f776f6e223a307d5d2c22756e69745f70726963655f776f6e223a393030302c22746f74616c5f776f6e223a33363030307d5d2c22737562746f74616c5f776f6e223a33363030302c227469705f776f6e223a333030302c2270617961626c655f776f6e223a33393030302c227069636b7570223a7b226c6174223a33372e353030362c226c6f6e223a3132372e303336347d2c2264726f705f6f6666223a7b22706f736974696f6e223a7b226c6174223a33372e3530362c226c6f6e223a3132372e3034327d2c22726f61645f61646472657373223a22ec849cec9ab820eab095eb82a8eab5ac20ed858ced97a4eb9e80eba19c2031222c2264657461696c223a22313031ed98b8222c22656e7472616e63655f6e6f7465223a22eab3b5eb8f99ed9884eab4802031323334227d2c22636f6e746163746c657373223a66616c73652c226e6f7465223a22eb8d9c20eba7b5eab28c222c22636f75726965725f6e6f7465223a22222c22736c6f74223a6e756c6c2c22637265617465645f6174223a22323032362d31312d32335430333a30303a30302e3235363530345a222c22706c616365645f6174223a6e756c6c2c2272656164795f6279223a6e756c6c2c227069636b65645f75705f6174223a6e756c6c2c2264656c6976657265645f6174223a6e756c6c2c2263616e63656c5f72657175657374223a6e756c6c7d', 5810510112815434401);
INSERT INTO graphile_worker._private_job_queues OVERRIDING SYSTEM VALUE VALUES
	(1, 'reminder.order-0', NULL, NULL, DEFAULT),
	(2, 'reminder.payment-2', NULL, NULL, DEFAULT),
	(4, 'reminder.order-1', NULL, NULL, DEFAULT),
	(5, 'reminder.order-2', NULL, NULL, DEFAULT),
	(3, 'cart.empty-2', NULL, NULL, DEFAULT),
	(6, 'delivery.follow-2', NULL, NULL, DEFAULT),
	(7, 'reminder.dispatch-2', NULL, NULL, DEFAULT),
	(8, 'order.courier-0', NULL, NULL, DEFAULT),
	(9, 'reminder.payment-0', NULL, NULL, DEFAULT),
	(10, 'cart.empty-0', NULL, NULL, DEFAULT),
	(11, 'delivery.follow-0', NULL, NULL, DEFAULT),
	(12, 'reminder.payment-1', NULL, NULL, DEFAULT),
	(13, 'cart.empty-1', NULL, NULL, DEFAULT);
INSERT INTO graphile_worker._private_jobs OVERRIDING SYSTEM VALUE VALUES
	(18, 10, 3, '{"offset": 2, "channel": "order:01a21970-aae6-7137-8c09-4dd8ac5a59ef", "subscriber": "cart.empty"}', 0, '2026-11-23 03:00:00.225741+00', 0, 10, NULL, '2026-11-26 19:59:03.924323+00', '2026-11-26 19:59:03.924323+00', NULL, NULL, NULL, 0, '{"cart.empty order.placed": true}', DEFAULT),
	(19, 11, 3, '{"offset": 3, "channel": "order:01a21970-aae6-7137-8c09-4dd8ac5a59ef", "subscriber": "delivery.follow"}', 0, '2026-11-23 03:00:00.234339+00', 0, 10, NULL, '2026-11-26 19:59:03.934218+00', '2026-11-26 19:59:03.934218+00', NULL, NULL, NULL, 0, '{"delivery.follow order.accepted": true}', DEFAULT),
	(23, 1, 2, '{"reminder": {"order": "01a21970-ab0b-71df-b351-712c75d5785a", "reminder": "accept_nudge"}}', 0, '2026-11-23 03:01:30.254592+00', 0, 10, NULL, '2026-11-26 19:59:03.956616+00', '2026-11-26 19:59:03.956616+00', 'order:01a21970-ab0b-71df-b351-712c75d5785a:nudge', NULL, NULL, 0, NULL, DEFAULT),
	(24, 1, 2, '{"reminder": {"order": "01a21970-ab0b-71df-b351-712c75d5785a", "reminder": "accept_overdue"}}', 0, '2026-11-23 03:05:00.254591+00', 0, 10, NULL, '2026-11-26 19:59:03.956616+00', '2026-11-26 19:59:03.956616+00', 'order:01a21970-ab0b-71df-b351-712c75d5785a:accept', NULL, NULL, 0, NULL, DEFAULT),
	(25, 13, 3, '{"offset": 2, "channel": "order:01a21970-ab0b-71df-b351-712c75d5785a", "subscriber": "cart.empty"}', 0, '2026-11-23 03:00:00.255943+00', 0, 10, NULL, '2026-11-26 19:59:03.956616+00', '2026-11-26 19:59:03.956616+00', NULL, NULL, NULL, 0, '{"cart.empty order.placed": true}', DEFAULT);
INSERT INTO graphile_worker._private_tasks OVERRIDING SYSTEM VALUE VALUES
	(1, 'reaction'),
	(2, 'reminder'),
	(3, 'subscriber');
INSERT INTO graphile_worker.migrations VALUES
	(1, '2026-11-26 19:59:03.447281+00', true),
	(2, '2026-11-26 19:59:03.452379+00', false),
	(3, '2026-11-26 19:59:03.456053+00', true),
	(4, '2026-11-26 19:59:03.458723+00', false),
	(5, '2026-11-26 19:59:03.459971+00', false),
	(6, '2026-11-26 19:59:03.461573+00', false),
	(7, '2026-11-26 19:59:03.46271+00', false),
	(8, '2026-11-26 19:59:03.463783+00', false),
	(9, '2026-11-26 19:59:03.464827+00', false),
	(10, '2026-11-26 19:59:03.465463+00', false),
	(11, '2026-11-26 19:59:03.465761+00', true),
	(12, '2026-11-26 19:59:03.479217+00', false),
	(13, '2026-11-26 19:59:03.479998+00', true),
	(14, '2026-11-26 19:59:03.481224+00', true),
	(15, '2026-11-26 19:59:03.482215+00', false),
	(16, '2026-11-26 19:59:03.482981+00', true),
	(17, '2026-11-26 19:59:03.485358+00', false),
	(18, '2026-11-26 19:59:03.48642+00', false),
	(19, '2026-11-26 19:59:03.487627+00', false),
	(20, '2026-11-26 19:59:03.488622+00', false),
	(21, '2026-11-26 19:59:03.490474+00', false),
	(22, '2026-11-26 19:59:03.492986+00', false);
INSERT INTO journal.epoch VALUES
	(true, '3b436829');
INSERT INTO journal.events_courier_202611 VALUES
	('courier:01a21970-aa19-717f-b8c1-d448c66c15c9', 1, 'offer.made', '2026-11-23 03:00:00.144564+00', '{"id": "01a21970-aa9f-7141-9d99-98dd82cb40be", "code": "6P7J", "dong": "역삼동", "pickup": {"lat": 37.5006, "lon": 127.0364}, "fee_won": 3700, "drop_off": {"lat": 37.50039, "lon": 127.03868}, "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "distance_m": 0.0, "expires_at": "2026-11-23T03:00:30.144564Z", "restaurant_name": "역삼 치킨"}', 0),
	('courier:01a21970-aa19-717f-b8c1-d448c66c15c9', 3, 'assignment.changed', '2026-11-23 03:00:00.151979+00', '{"code": "6P7J", "status": "assigned", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9"}', 0),
	('courier:01a21970-aa19-717f-b8c1-d448c66c15c9', 2, 'offer.accepted', '2026-11-23 03:00:00.151979+00', '{"code": "6P7J", "offer_id": "01a21970-aa9f-7141-9d99-98dd82cb40be", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9"}', 0);
INSERT INTO journal.events_delivery_202611 VALUES
	('delivery:01a21970-aa56-77a1-a083-122b7beab5b9', 1, 'delivery.requested', '2026-11-23 03:00:00.140227+00', '{"status": "requested", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "promised_at": "2026-11-23T03:24:41.132803Z"}', 0),
	('delivery:01a21970-aa56-77a1-a083-122b7beab5b9', 2, 'delivery.offered', '2026-11-23 03:00:00.144564+00', '{"status": "offered", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9"}', 0),
	('delivery:01a21970-aa56-77a1-a083-122b7beab5b9', 3, 'delivery.assigned', '2026-11-23 03:00:00.151979+00', '{"name": "courier", "status": "assigned", "vehicle": "motorbike", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "courier_id": "01a21970-aa19-717f-b8c1-d448c66c15c9"}', 0);
INSERT INTO journal.events_desk_202611 VALUES
	('desk', 1, 'desk.presence', '2026-11-23 03:00:00.176251+00', '{"open": 0, "online": true, "agent_id": "01a21970-aa22-706a-9b4c-4ee012cd1c92"}', 0),
	('desk', 3, 'desk.assigned', '2026-11-23 03:00:00.184518+00', '{"agent_id": "01a21970-aa22-706a-9b4c-4ee012cd1c92", "conversation_id": "01a21970-aac4-72f5-a582-e4737e38df28"}', 0),
	('desk', 2, 'desk.queued', '2026-11-23 03:00:00.184518+00', '{"conversation": {"id": "01a21970-aac4-72f5-a582-e4737e38df28", "topic": "delivery", "status": "queued", "agent_id": null, "last_seq": 1, "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "queued_at": "2026-11-23T03:00:00.184518Z", "created_at": "2026-11-23T03:00:00.184518Z", "customer_id": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "resolved_at": null, "agent_read_seq": 0, "customer_read_seq": 0}}', 0);
INSERT INTO journal.events_merchant_202611 VALUES
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 1, 'order.placed', '2026-11-23 03:00:00.096186+00', '{"card": {"code": "6P7J", "note": "덜 맵게", "lines": [{"name": "후라이드", "options": ["순한맛"], "quantity": 2}], "status": "placed", "version": 2, "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "ready_by": null, "placed_at": "2026-11-23T03:00:00.096186Z", "courier_id": null, "payable_won": 21000, "cancel_request": null}, "status": "placed", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9"}', 0),
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 2, 'order.accepted', '2026-11-23 03:00:00.132803+00', '{"card": {"code": "6P7J", "note": "덜 맵게", "lines": [{"name": "후라이드", "options": ["순한맛"], "quantity": 2}], "status": "accepted", "version": 3, "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "ready_by": "2026-11-23T03:10:00.132803Z", "placed_at": "2026-11-23T03:00:00.096186Z", "courier_id": null, "payable_won": 21000, "cancel_request": null}, "status": "accepted", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "ready_by": "2026-11-23T03:10:00.132803Z"}', 0),
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 3, 'order.courier_assigned', '2026-11-23 03:00:00.162719+00', '{"card": {"code": "6P7J", "note": "덜 맵게", "lines": [{"name": "후라이드", "options": ["순한맛"], "quantity": 2}], "status": "accepted", "version": 4, "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "ready_by": "2026-11-23T03:10:00.132803Z", "placed_at": "2026-11-23T03:00:00.096186Z", "courier_id": "01a21970-aa19-717f-b8c1-d448c66c15c9", "payable_won": 21000, "cancel_request": null}, "status": "accepted", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "courier_id": "01a21970-aa19-717f-b8c1-d448c66c15c9"}', 0),
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 4, 'order.placed', '2026-11-23 03:00:00.232224+00', '{"card": {"code": "HJVM", "note": "덜 맵게", "lines": [{"name": "후라이드", "options": ["순한맛"], "quantity": 2}], "status": "placed", "version": 2, "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef", "ready_by": null, "placed_at": "2026-11-23T03:00:00.232224Z", "courier_id": null, "payable_won": 21000, "cancel_request": null}, "status": "placed", "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef"}', 0),
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 5, 'order.accepted', '2026-11-23 03:00:00.242146+00', '{"card": {"code": "HJVM", "note": "덜 맵게", "lines": [{"name": "후라이드", "options": ["순한맛"], "quantity": 2}], "status": "accepted", "version": 3, "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef", "ready_by": "2026-11-23T03:10:00.242146Z", "placed_at": "2026-11-23T03:00:00.232224Z", "courier_id": null, "payable_won": 21000, "cancel_request": null}, "status": "accepted", "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef", "ready_by": "2026-11-23T03:10:00.242146Z"}', 0),
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 6, 'order.placed', '2026-11-23 03:00:00.264552+00', '{"card": {"code": "X5T2", "note": "덜 맵게", "lines": [{"name": "후라이드", "options": ["순한맛"], "quantity": 4}], "status": "placed", "version": 2, "order_id": "01a21970-ab0b-71df-b351-712c75d5785a", "ready_by": null, "placed_at": "2026-11-23T03:00:00.264552Z", "courier_id": null, "payable_won": 39000, "cancel_request": null}, "status": "placed", "order_id": "01a21970-ab0b-71df-b351-712c75d5785a"}', 0);
INSERT INTO journal.events_order_202611 VALUES
	('order:01a21970-aa56-77a1-a083-122b7beab5b9', 1, 'order.created', '2026-11-23 03:00:00.076692+00', '{"status": "pending_payment", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9"}', 0),
	('order:01a21970-aa56-77a1-a083-122b7beab5b9', 2, 'order.placed', '2026-11-23 03:00:00.096186+00', '{"status": "placed", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9"}', 0),
	('order:01a21970-aa56-77a1-a083-122b7beab5b9', 3, 'order.accepted', '2026-11-23 03:00:00.132803+00', '{"status": "accepted", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "ready_by": "2026-11-23T03:10:00.132803Z"}', 0),
	('order:01a21970-aa56-77a1-a083-122b7beab5b9', 4, 'order.courier_assigned', '2026-11-23 03:00:00.162719+00', '{"status": "accepted", "order_id": "01a21970-aa56-77a1-a083-122b7beab5b9", "courier_id": "01a21970-aa19-717f-b8c1-d448c66c15c9"}', 0),
	('order:01a21970-aae6-7137-8c09-4dd8ac5a59ef', 1, 'order.created', '2026-11-23 03:00:00.220751+00', '{"status": "pending_payment", "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef"}', 0),
	('order:01a21970-aae6-7137-8c09-4dd8ac5a59ef', 2, 'order.placed', '2026-11-23 03:00:00.232224+00', '{"status": "placed", "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef"}', 0),
	('order:01a21970-aae6-7137-8c09-4dd8ac5a59ef', 3, 'order.accepted', '2026-11-23 03:00:00.242146+00', '{"status": "accepted", "order_id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef", "ready_by": "2026-11-23T03:10:00.242146Z"}', 0),
	('order:01a21970-ab0b-71df-b351-712c75d5785a', 1, 'order.created', '2026-11-23 03:00:00.256504+00', '{"status": "pending_payment", "order_id": "01a21970-ab0b-71df-b351-712c75d5785a"}', 0),
	('order:01a21970-ab0b-71df-b351-712c75d5785a', 2, 'order.placed', '2026-11-23 03:00:00.264552+00', '{"status": "placed", "order_id": "01a21970-ab0b-71df-b351-712c75d5785a"}', 0);
INSERT INTO journal.feeds VALUES
	('courier:01a21970-aa19-717f-b8c1-d448c66c15c9', 3),
	('desk', 3),
	('merchant:01a21970-aa24-73b5-8651-a17d81114a24', 6);
INSERT INTO menu.cards VALUES
	('01a21970-aa24-73b5-8651-a17d81114a24', 1);
INSERT INTO menu.groups VALUES
	('01a21970-aa24-73b5-8651-a1843e03121c', '01a21970-aa24-73b5-8651-a17d81114a24', '메뉴', 0);
INSERT INTO menu.menus VALUES
	('01a21970-aa24-73b5-8651-a17e2ce4023f', '01a21970-aa24-73b5-8651-a1843e03121c', '후라이드', '', 9000, false, 0);
INSERT INTO menu.option_groups VALUES
	('01a21970-aa24-73b5-8651-a181e596bb0c', '01a21970-aa24-73b5-8651-a17e2ce4023f', '맛', 1, 1, true, 0),
	('01a21970-aa24-73b5-8651-a1838226b69c', '01a21970-aa24-73b5-8651-a17e2ce4023f', '추가', 0, 3, false, 1);
INSERT INTO menu.options VALUES
	('01a21970-aa24-73b5-8651-a17f43ff31a4', '01a21970-aa24-73b5-8651-a181e596bb0c', '순한맛', 0, 1, false, 0),
	('01a21970-aa24-73b5-8651-a1808dbcb77d', '01a21970-aa24-73b5-8651-a181e596bb0c', '매운맛', 500, 1, false, 1),
	('01a21970-aa24-73b5-8651-a1821512c1b9', '01a21970-aa24-73b5-8651-a1838226b69c', '치즈', 1000, 3, false, 0);
INSERT INTO orders.orders VALUES
	('01a21970-aa56-77a1-a083-122b7beab5b9', 4, 'accepted', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '01a21970-aa24-73b5-8651-a17d81114a24', '01a21970-aa19-717f-b8c1-d448c66c15c9', 21000, '2026-11-23 03:00:00.076692+00', '2026-11-23 03:00:00.096186+00', '01a21970-aa52-706c-b824-06c70e65d7fd', '{"id": "01a21970-aa56-77a1-a083-122b7beab5b9", "tip": 3000, "note": "덜 맵게", "slot": null, "lines": [{"name": "후라이드", "total": 18000, "line_id": "89efb12c-4cf3-8054-b7ae-030b92244538", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 2, "unit_price": 9000}], "quote": "01a21970-aa52-706c-b824-06c70e65d7fd", "ending": null, "pickup": {"lat": 37.5006, "lon": 127.0364}, "status": "accepted", "contact": null, "courier": "01a21970-aa19-717f-b8c1-d448c66c15c9", "payable": 21000, "version": 4, "customer": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "declined": null, "drop_off": {"detail": "101호", "position": {"lat": 37.506, "lon": 127.042}, "road_address": "서울 강남구 테헤란로 1", "entrance_note": "공동현관 1234"}, "ready_by": "2026-11-23T03:10:00.132803Z", "subtotal": 18000, "lead_mins": 25, "placed_at": "2026-11-23T03:00:00.096186Z", "created_at": "2026-11-23T03:00:00.076692Z", "fulfilment": {"kind": "delivery", "contactless": false}, "restaurant": "01a21970-aa24-73b5-8651-a17d81114a24", "cart_version": 1, "courier_note": "", "delivered_at": null, "picked_up_at": null, "cancel_request": null, "restaurant_name": "역삼 치킨"}', 1),
	('01a21970-aae6-7137-8c09-4dd8ac5a59ef', 3, 'accepted', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '01a21970-aa24-73b5-8651-a17d81114a24', NULL, 21000, '2026-11-23 03:00:00.220751+00', '2026-11-23 03:00:00.232224+00', '01a21970-aae3-71b1-8470-751b8f310bf8', '{"id": "01a21970-aae6-7137-8c09-4dd8ac5a59ef", "tip": 3000, "note": "덜 맵게", "slot": null, "lines": [{"name": "후라이드", "total": 18000, "line_id": "9655000c-c9dc-897f-a429-60c573a8832a", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 2, "unit_price": 9000}], "quote": "01a21970-aae3-71b1-8470-751b8f310bf8", "ending": null, "pickup": {"lat": 37.5006, "lon": 127.0364}, "status": "accepted", "contact": null, "courier": null, "payable": 21000, "version": 3, "customer": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "declined": null, "drop_off": {"detail": "101호", "position": {"lat": 37.506, "lon": 127.042}, "road_address": "서울 강남구 테헤란로 1", "entrance_note": "공동현관 1234"}, "ready_by": "2026-11-23T03:10:00.242146Z", "subtotal": 18000, "lead_mins": 25, "placed_at": "2026-11-23T03:00:00.232224Z", "created_at": "2026-11-23T03:00:00.220751Z", "fulfilment": {"kind": "delivery", "contactless": false}, "restaurant": "01a21970-aa24-73b5-8651-a17d81114a24", "cart_version": 3, "courier_note": "", "delivered_at": null, "picked_up_at": null, "cancel_request": null, "restaurant_name": "역삼 치킨"}', 3),
	('01a21970-ab0b-71df-b351-712c75d5785a', 2, 'placed', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '01a21970-aa24-73b5-8651-a17d81114a24', NULL, 39000, '2026-11-23 03:00:00.256504+00', '2026-11-23 03:00:00.264552+00', '01a21970-ab07-7584-b6e7-144048ed8769', '{"id": "01a21970-ab0b-71df-b351-712c75d5785a", "tip": 3000, "note": "덜 맵게", "slot": null, "lines": [{"name": "후라이드", "total": 36000, "line_id": "9655000c-c9dc-897f-a429-60c573a8832a", "menu_id": "01a21970-aa24-73b5-8651-a17e2ce4023f", "options": [{"name": "순한맛", "price": 0, "quantity": 1, "option_id": "01a21970-aa24-73b5-8651-a17f43ff31a4"}], "quantity": 4, "unit_price": 9000}], "quote": "01a21970-ab07-7584-b6e7-144048ed8769", "ending": null, "pickup": {"lat": 37.5006, "lon": 127.0364}, "status": "placed", "contact": null, "courier": null, "payable": 39000, "version": 2, "customer": "01a21970-aa2b-707e-81d9-ca9978d90ed1", "declined": null, "drop_off": {"detail": "101호", "position": {"lat": 37.506, "lon": 127.042}, "road_address": "서울 강남구 테헤란로 1", "entrance_note": "공동현관 1234"}, "ready_by": null, "subtotal": 36000, "lead_mins": 25, "placed_at": "2026-11-23T03:00:00.264552Z", "created_at": "2026-11-23T03:00:00.256504Z", "fulfilment": {"kind": "delivery", "contactless": false}, "restaurant": "01a21970-aa24-73b5-8651-a17d81114a24", "cart_version": 4, "courier_note": "", "delivered_at": null, "picked_up_at": null, "cancel_request": null, "restaurant_name": "역삼 치킨"}', 4);
INSERT INTO payment.payments VALUES
	('01a21970-aa62-7602-9dc6-0d495da74a3a', '01a21970-aa56-77a1-a083-122b7beab5b9', '01a21970-aa2b-707e-81d9-ca9978d90ed1', 21000, 'done', 0, '2026-11-23 03:00:00.086219+00', '2026-11-23 03:00:00.091439+00'),
	('01a21970-aaed-756b-a95c-1649bb9f1db8', '01a21970-aae6-7137-8c09-4dd8ac5a59ef', '01a21970-aa2b-707e-81d9-ca9978d90ed1', 21000, 'done', 0, '2026-11-23 03:00:00.22542+00', '2026-11-23 03:00:00.230622+00'),
	('01a21970-ab11-7200-9f64-26ebca6440dd', '01a21970-ab0b-71df-b351-712c75d5785a', '01a21970-aa2b-707e-81d9-ca9978d90ed1', 39000, 'done', 0, '2026-11-23 03:00:00.261157+00', '2026-11-23 03:00:00.262896+00');
INSERT INTO public._sqlx_migrations VALUES
	(1, 'journal', '2026-11-26 19:59:03.368028+00', true, '\xd25f4ed63d52362215bdbb850258e15218ad180de81339fecc36229b0eb189a74fb7287494970d8895b0575f6094e8c1', 3416017),
	(5, 'gateway', '2026-11-26 19:59:03.371705+00', true, '\xc6ace5e00cc7f7f6f93bbc7558373fc1feb8546f259824a6503c6725c4abbd0a38908055bed81392ae4df2d2089270ca', 1283646),
	(6, 'idempotency owner', '2026-11-26 19:59:03.373093+00', true, '\x77e7ae6ac801e8aad236d2e36d190d7ae482529816836d2ff6f80d9b40ef430dc46656ca7f19f089cada73bbf3fdf3d2', 297356),
	(10, 'auth', '2026-11-26 19:59:03.37347+00', true, '\x832be6e5f838eb82e49e78cc793365cb020b41f874b44b70bcf3ff8307c2eafcdf03cca0986a135ba2594938619f588e', 6268487),
	(11, 'user', '2026-11-26 19:59:03.379898+00', true, '\x65098d6edda5081ab29287346388636e2caaaf5e8af81600502da4794f3c729ea058c2e8a5c86fdf293f5525087e10c9', 2214233),
	(12, 'attempts under way', '2026-11-26 19:59:03.382238+00', true, '\xf1f30246c1e81515d69bd670c7cfda390b00b872398294be876b77215d84f99c3eeebdbfe81072b5b8536f3889081387', 352028),
	(20, 'restaurant', '2026-11-26 19:59:03.382675+00', true, '\xe11af9e0da76c2c8d7aa077bb5c1b7e2752295e3e87b3998258a1f982f591cf2425c5f0a7af5a8e9f24d43d939d4c906', 1342945),
	(21, 'menu', '2026-11-26 19:59:03.384119+00', true, '\xb0ab6c2982182862814e4a1fb1c2978dde1b2be8a20c476821b842e11ab67263836107295e5c59b15bd219439687d1ee', 3438971),
	(22, 'cart', '2026-11-26 19:59:03.387718+00', true, '\x14dcb578adf7cf30a96c72ea0a07e948e02688a2cd5a3bcde5524a7178a2e4b4cf193299ebe6c3405813c150847960f1', 1391458),
	(23, 'cart added', '2026-11-26 19:59:03.389214+00', true, '\x4b5f0b2a21d7936d44593560a762d1318458147881efa1ce468ac005e096c2cb367778fd69c476dea05364b3e5808182', 365699),
	(30, 'order', '2026-11-26 19:59:03.389657+00', true, '\xcb33effdd20c3dcc99082b2c65a36f906699f9608cab5cf5d3bb27ee541ab62f229412af1b3804521cc718f5fe5bba7c', 1205178),
	(31, 'payment', '2026-11-26 19:59:03.39097+00', true, '\x5edab002e13703e76035c7a69e2e817a494cbfb4349b64d223d148b3032118ad44ec1a4f1858ae2961ca030d7dafbd02', 1760572),
	(40, 'tracking', '2026-11-26 19:59:03.392843+00', true, '\xaf6c0777e31f12d4ed8fe53e830d274dcaf92dc45ae592f7006f79d61ca6465faf8acf024822a3f4c51c47aca09403eb', 3565631),
	(41, 'positions', '2026-11-26 19:59:03.396538+00', true, '\x58d8c8dc79981f9f709695084290eccceaddf693912ed16122fd9da1a4528e55f22cd5ebcde81fe57c81bf83190b3332', 1119159),
	(42, 'tracking counts', '2026-11-26 19:59:03.397743+00', true, '\x90678e01dc13b0883a3fa0b8dc2a42d55d06c95dae9b4484e78b4e4a070f2bbd588e5db0bab0a2c6131b70ad3e05ddee', 609325),
	(50, 'support', '2026-11-26 19:59:03.398422+00', true, '\x75083cc5ea05bdd9e9581b87351c43c98972e2178bdcadc9ee200051a9649c405eff7e87ebb9b03c08e91c7273ff3e22', 3922066),
	(51, 'support faqs', '2026-11-26 19:59:03.402478+00', true, '\xed5dfe139a37b740c2a2ea100dead43cdd52e6a421b71e18b05342b91a244611030e380ff25d310a45478c22c174922d', 512068),
	(70, 'name length', '2026-11-26 19:59:03.403051+00', true, '\xd502ad8daca35f728f923fa33d3a0d80fd800535f39ce276d02dd9a250bb0b2bbc37e7a79dd604e5f4077a99b2eac597', 564207),
	(90, 'audiences', '2026-11-26 19:59:03.403685+00', true, '\x140f0cc0ed8d294b97392bae61095b6053931a0295a757b5fb488657098c06d0c74c12a81a00e5e3487e35a26fa8116d', 380892),
	(91, 'order access', '2026-11-26 19:59:03.404125+00', true, '\x08fc704e8914cd1d9da40d1adfa2f04ceb643edc7b8f592c2cc472c6aa82150175a83adf4e61a6409e21b8544ad89495', 1315664),
	(92, 'code tries', '2026-11-26 19:59:03.405513+00', true, '\x19751a50510218caadc880f645be8612b09d0f2380e4d6e89cff8fae41e621cd03b2ac6b6007c6491ec81447ee40677b', 772349),
	(100, 'one live order', '2026-11-26 19:59:03.406391+00', true, '\x3641054f28aeaaf2656473475e6530d77951cbe908eb589d9cf77561bcfa96454408181c6cac0f9e3754524adefb29fb', 688463),
	(101, 'refunds', '2026-11-26 19:59:03.407187+00', true, '\x35f0b665f1e46777346e7eee1f2778a90cfe33ef43a212dc8125a929aa6aae836500db06e692a9f06f3913eb74dc73f5', 2335275),
	(102, 'versions', '2026-11-26 19:59:03.409608+00', true, '\x88be6ee528f83d7d4fc00a8edb31909357a35056cc1de695251abada090b433996aaf6118a1d4f8ca80018ecd61e841f', 520642),
	(103, 'minimum versions', '2026-11-26 19:59:03.410193+00', true, '\xd2f8aa98e7ec5971603b5390a81966a0bec69fdb3ad5b961f59b5134ae0f302bbbb3f3bc6d2e1ac8bab2c5652ff5f979', 819770),
	(110, 'stranger attempts', '2026-11-26 19:59:03.411145+00', true, '\x7270044f85d775733bf77b972275f4350682f4819454fb391018d5da03e6e0af85eafa5d9d8e9c7e191b2eb599e00df4', 902885),
	(120, 'device settings', '2026-11-26 19:59:03.412128+00', true, '\x4eb16ccf893a848d6a0c4938a4fa00b52ca640bfefd6ef8beef86cc2e202e8d6e701a51246a233dff94cf1a6ea178ea0', 536005),
	(130, 'interventions', '2026-11-26 19:59:03.412728+00', true, '\xa6a49ec9d6b206081a208c0e2fe880827ec8c5236e7bd869d4730916fcc46d796dba02084ec3921cb6fb6fe074d958ef', 1007703),
	(150, 'read paths', '2026-11-26 19:59:03.413806+00', true, '\xbbfb33a442bded977e387cab70644b41df0be2c94444d21b9e31fc5e5456ce236b341733200c84ed85bb45582f125395', 864608),
	(170, 'sandbox gone', '2026-11-26 19:59:03.414737+00', true, '\x7ffb4d6771fcf876a78e7888385d9589ba239afeee1772f080a175fb5fd114a3e971396e0bd1d6fd5eb3cc8ddf6d8e50', 1833662),
	(180, 'journal partitions', '2026-11-26 19:59:03.416651+00', true, '\x5ac3fb2dfe5fb54ee08006461f6112d890efb4432ff921fd1b2e1a6dd4786f23c02ceb6d89608dce10b0049100a35a26', 21372214),
	(190, 'order code', '2026-11-26 19:59:03.438418+00', true, '\x57252f4a82ee8759a8d7bb337f9ef65becb9a9dde9b5529c85612b0d795f5a0b6361629005190cffd1a5eafc56123149', 1018999),
	(191, 'handover', '2026-11-26 19:59:03.439362+00', true, '\x8fd64f5ef32931ed5b848612dd04f33bdb5965cdb659a4650dcd81baa13c18233dda546ce951f3759c3e1ac67b656831', 299329),
	(200, 'operators', '2026-11-26 19:59:03.439719+00', true, '\x7f77597e1380a27bb5fb6637040b179336e55014e874090ebd1b45cd3334acd8456bee71ea38485e473cfc815eeeb4e0', 1883326);
INSERT INTO restaurant.restaurants VALUES
	('01a21970-aa24-73b5-8651-a17d81114a24', '01a21970-aa0d-76c1-859d-691c6a73787a', '역삼 치킨', 'chicken', '02-0000-0000', 37.5006, 127.0364, '강남구', '역삼동', 15000, 20, NULL, '{"dongs": [], "tiers": [{"tip": 3000, "from": 0}], "times": [], "distance": null}', '{"breaks": [], "ranges": [{"to_min": 1440, "weekday": "Mon", "from_min": 0}, {"to_min": 1440, "weekday": "Tue", "from_min": 0}, {"to_min": 1440, "weekday": "Wed", "from_min": 0}, {"to_min": 1440, "weekday": "Thu", "from_min": 0}, {"to_min": 1440, "weekday": "Fri", "from_min": 0}, {"to_min": 1440, "weekday": "Sat", "from_min": 0}, {"to_min": 1440, "weekday": "Sun", "from_min": 0}], "closings": []}', '[{"kind": "radius", "metres": 3000}]', 3000, 1);
INSERT INTO support.agents VALUES
	('01a21970-aa22-706a-9b4c-4ee012cd1c92', true, 5, 1);
INSERT INTO support.conversations VALUES
	('01a21970-aac4-72f5-a582-e4737e38df28', '01a21970-aa2b-707e-81d9-ca9978d90ed1', 'ce50cd15-f173-4379-a3b5-33199f4d0cd0', 'delivery', '01a21970-aa56-77a1-a083-122b7beab5b9', 'pending', '01a21970-aa22-706a-9b4c-4ee012cd1c92', 3, 0, 0, '2026-11-23 03:00:00.184518+00', '2026-11-23 03:00:00.184518+00', NULL);
INSERT INTO support.entries VALUES
	('01a21970-aac4-72f5-a582-e4737e38df28', 1, '2026-11-23 03:00:00.184518+00', 'chat.message', '01a21970-aa2b-707e-81d9-ca9978d90ed1', 'customer', '01a21970-aac4-72f5-a582-e47228e4615a', 'ce50cd15-f173-4379-a3b5-33199f4d0cd0', '어디쯤 오셨나요?', false),
	('01a21970-aac4-72f5-a582-e4737e38df28', 2, '2026-11-23 03:00:00.184518+00', 'chat.assigned', '01a21970-aa22-706a-9b4c-4ee012cd1c92', NULL, NULL, NULL, NULL, false),
	('01a21970-aac4-72f5-a582-e4737e38df28', 3, '2026-11-23 03:00:00.201187+00', 'chat.message', '01a21970-aa22-706a-9b4c-4ee012cd1c92', 'agent', '01a21970-aad4-740c-afd8-2e51f458563d', '00000000-0000-0000-0000-000000000002', '확인해 보겠습니다', false);
INSERT INTO support.faqs VALUES
	('01920000-0000-7000-8000-00000000fa01', 'order', 10, '주문을 취소하고 싶어요.', '가게가 주문을 수락하기 전에는 주문 상세에서 바로 취소할 수 있고, 전액 환불됩니다. 수락한 뒤에는 취소를 요청할 수 있으며, 가게가 승인하면 취소됩니다. 3분 안에 답이 없으면 요청은 거절된 것으로 처리됩니다.', 'I want to cancel my order.', 'Until the restaurant accepts it, you can cancel in the order''s details and get a full refund. After that you can ask for a cancellation, and the restaurant decides. A request without an answer lapses after 3 minutes.'),
	('01920000-0000-7000-8000-00000000fa02', 'order', 20, '가게가 주문을 받지 않아요.', '가게가 5분 안에 주문을 수락하지 않으면 주문은 자동으로 거절되고 결제 금액은 전액 환불됩니다.', 'The restaurant does not take my order.', 'An order that the restaurant does not accept within 5 minutes is rejected automatically, and you get a full refund.'),
	('01920000-0000-7000-8000-00000000fa03', 'order', 30, '최소주문금액은 무엇인가요?', '가게가 정한, 배달을 위한 최소 금액입니다. 배달팁을 뺀 메뉴 금액의 합이 이 금액보다 적으면 장바구니에 담을 수는 있지만 주문할 수는 없습니다. 부족한 금액은 장바구니에서 볼 수 있습니다.', 'What is the minimum order amount?', 'The least that a restaurant delivers for. While your dishes, without the delivery tip, come to less, you can fill the cart but not order. The cart shows how much is missing.'),
	('01920000-0000-7000-8000-00000000fa04', 'order', 40, '여러 가게의 메뉴를 함께 주문할 수 있나요?', '장바구니에는 한 가게의 메뉴만 담을 수 있습니다. 다른 가게의 메뉴를 담으면 장바구니를 비우고 새로 담을지 먼저 여쭤봅니다.', 'Can I order from several restaurants at once?', 'A cart holds the dishes of one restaurant. When you add one of another, we ask before we replace what is in it.'),
	('01920000-0000-7000-8000-00000000fa05', 'payment', 50, '환불은 언제 되나요?', '주문이 취소되거나 거절되면 환불은 바로 요청됩니다. 카드사에 따라 카드 취소가 표시되기까지 영업일 기준 며칠이 걸릴 수 있습니다.', 'When do I get my refund?', 'We ask for the refund at once when an order is cancelled or rejected. Depending on your card company it may take a few working days to show.'),
	('01920000-0000-7000-8000-00000000fa06', 'payment', 60, '결제에 실패했는데 돈이 빠져나갔어요.', '결제 결과를 확인하지 못하면 저희가 결제사에 자동으로 다시 확인합니다. 주문 없이 결제된 금액은 자동으로 취소됩니다. 잠시 뒤에도 그대로라면 상담원에게 문의해 주세요.', 'My payment failed, but I was charged.', 'Where the outcome of a payment is unclear, we ask the payment company again by ourselves. Money without an order is given back automatically. If nothing has changed after a while, please write to an agent.'),
	('01920000-0000-7000-8000-00000000fa07', 'payment', 70, '배달팁은 어떻게 정해지나요?', '배달팁은 가게가 정하며 주문 금액, 거리, 지역, 시간에 따라 달라집니다. 장바구니에서 주소를 선택하면 결제 전에 정확한 금액을 보여 드립니다.', 'How is the delivery tip determined?', 'The restaurant sets it by the order''s amount, the distance, the area and the time. Choose your address in the cart, and you see the exact amount before you pay.'),
	('01920000-0000-7000-8000-00000000fa08', 'delivery', 80, '라이더의 위치는 언제부터 볼 수 있나요?', '라이더가 가게에서 음식을 받은 때부터 배달을 마칠 때까지 지도에서 실시간으로 볼 수 있습니다.', 'From when can I see the courier on the map?', 'From the moment the courier picks up your food until it is delivered, live.'),
	('01920000-0000-7000-8000-00000000fa09', 'delivery', 90, '배달이 예상보다 늦어요.', '도착 예정 시간은 라이더의 위치와 주문 상태에 따라 계속 다시 계산됩니다. 많이 늦어지면 그 주문을 골라 상담원에게 문의해 주세요.', 'My delivery is late.', 'The estimated arrival is computed again with every move of the courier. If it is very late, choose the order and write to an agent.'),
	('01920000-0000-7000-8000-00000000fa10', 'delivery', 100, '문 앞에 두고 가 달라고 할 수 있나요?', '네. 주문할 때 비대면 배달을 선택하고, 공동현관 출입 방법은 주소의 출입 안내에 적어 주세요.', 'Can the courier leave it at the door?', 'Yes. Choose contactless delivery when you order, and write how to get in under the address''s entrance note.'),
	('01920000-0000-7000-8000-00000000fa11', 'account', 110, '배달 주소를 추가하거나 바꾸려면 어떻게 하나요?', '내 정보의 주소 목록에서 여러 주소를 저장하고 기본 주소를 정할 수 있습니다. 이미 넣은 주문의 주소는 바뀌지 않습니다.', 'How do I add or change a delivery address?', 'Under your profile you can keep several addresses and choose the default one. Orders already placed keep their address.'),
	('01920000-0000-7000-8000-00000000fa12', 'account', 120, '다른 기기에서 로그아웃하고 싶어요.', '내 정보의 로그인 기기 목록에서 해당 기기를 로그아웃할 수 있습니다. 바로 적용됩니다.', 'How do I sign out on another device?', 'Find the device in the list of sessions under your profile and sign it out. It takes effect at once.'),
	('01920000-0000-7000-8000-00000000fa13', 'other', 130, '해결된 상담을 다시 이어서 할 수 있나요?', '상담이 끝난 뒤 72시간 안에 메시지를 보내면 같은 상담이 다시 열립니다. 그 뒤에는 새 상담을 시작해 주세요.', 'Can I continue a conversation that was resolved?', 'Write within 72 hours after it ended, and the same conversation opens again. After that, please start a new one.');
INSERT INTO tracking.couriers VALUES
	('01a21970-aa19-717f-b8c1-d448c66c15c9', 'courier', 'motorbike', true, 1, 1);
INSERT INTO tracking.deliveries VALUES
	('01a21970-aa56-77a1-a083-122b7beab5b9', 3, 'assigned', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '01a21970-aa24-73b5-8651-a17d81114a24', '역삼 치킨', 37.5006, 127.0364, 37.506, 127.042, '서울 강남구 테헤란로 1', '101호', '공동현관 1234', '01a21970-aa19-717f-b8c1-d448c66c15c9', 'courier', 'motorbike', '2026-11-23 03:00:00.14015+00', '2026-11-23 03:10:00.132803+00', '2026-11-23 03:24:41.132803+00', false, false, '{"note": "", "dishes": [{"name": "후라이드", "options": [{"name": "순한맛", "quantity": 1}], "quantity": 2}], "contactless": false}');
INSERT INTO tracking.offers VALUES
	('01a21970-aa9f-7141-9d99-98dd82cb40be', '01a21970-aa56-77a1-a083-122b7beab5b9', '01a21970-aa19-717f-b8c1-d448c66c15c9', 'accepted', 0, 0, 3700, '2026-11-23 03:00:30.144564+00');
INSERT INTO tracking.positions_20261123 VALUES
	('01a21970-aa19-717f-b8c1-d448c66c15c9', 65106037, 1, '2026-11-23 03:00:00.110351+00', 37.5006, 127.0364, 5, 8, 45);
INSERT INTO users.addresses VALUES
	('01a21970-aa3a-75a6-8109-9483d943e5e9', '01a21970-aa2b-707e-81d9-ca9978d90ed1', '집', '서울 강남구 테헤란로 1', '101호', '공동현관 1234', 37.506, 127.042, '강남구', '역삼동', true, '2026-11-23 03:00:00.046451+00', 1);
INSERT INTO users.profiles VALUES
	('01a21970-aa0d-76c1-859d-691c6a73787a', 'owner', '+821023456789', 1, '2026-11-23 03:00:00.001565+00', '2026-11-23 03:00:00.001565+00'),
	('01a21970-aa19-717f-b8c1-d448c66c15c9', 'courier', '+821023456789', 1, '2026-11-23 03:00:00.013942+00', '2026-11-23 03:00:00.013942+00'),
	('01a21970-aa22-706a-9b4c-4ee012cd1c92', 'agent', '+821023456789', 1, '2026-11-23 03:00:00.022533+00', '2026-11-23 03:00:00.022533+00'),
	('01a21970-aa2b-707e-81d9-ca9978d90ed1', '손님', '+821023456789', 1, '2026-11-23 03:00:00.031466+00', '2026-11-23 03:00:00.031466+00');
SELECT pg_catalog.setval('auth.audit_id_seq', 8, true);
SELECT pg_catalog.setval('graphile_worker.job_queues_id_seq', 13, true);
SELECT pg_catalog.setval('graphile_worker.jobs_id_seq1', 25, true);
SELECT pg_catalog.setval('graphile_worker.tasks_id_seq', 3, true);
SELECT pg_catalog.setval('tracking.devices_number_seq', 1, false);
ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_email_once UNIQUE (email);
ALTER TABLE ONLY auth.accounts
    ADD CONSTRAINT accounts_pkey PRIMARY KEY (user_id);
ALTER TABLE ONLY auth.attempts
    ADD CONSTRAINT attempts_pkey PRIMARY KEY (email, address);
ALTER TABLE ONLY auth.audit
    ADD CONSTRAINT audit_pkey PRIMARY KEY (id);
ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_generation_once UNIQUE (session_id, generation);
ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_pkey PRIMARY KEY (hash);
ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_pkey PRIMARY KEY (id);
ALTER TABLE ONLY auth.signing_keys
    ADD CONSTRAINT signing_keys_pkey PRIMARY KEY (kid);
ALTER TABLE ONLY auth.stranger_attempts
    ADD CONSTRAINT stranger_attempts_pkey PRIMARY KEY (email);
ALTER TABLE ONLY cart.carts
    ADD CONSTRAINT carts_pkey PRIMARY KEY (customer_id);
ALTER TABLE ONLY cart.quotes
    ADD CONSTRAINT quotes_pkey PRIMARY KEY (id);
ALTER TABLE ONLY codes.tries
    ADD CONSTRAINT tries_pkey PRIMARY KEY (code);
ALTER TABLE ONLY gateway.idempotency_keys
    ADD CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, name);
ALTER TABLE ONLY graphile_worker._private_job_retirements
    ADD CONSTRAINT _private_job_retirements_pkey PRIMARY KEY (id);
ALTER TABLE ONLY graphile_worker._private_workers
    ADD CONSTRAINT _private_workers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY graphile_worker._private_job_queues
    ADD CONSTRAINT job_queues_pkey1 PRIMARY KEY (id);
ALTER TABLE ONLY graphile_worker._private_job_queues
    ADD CONSTRAINT job_queues_queue_name_key UNIQUE (queue_name);
ALTER TABLE ONLY graphile_worker._private_jobs
    ADD CONSTRAINT jobs_key_key1 UNIQUE (key);
ALTER TABLE ONLY graphile_worker._private_jobs
    ADD CONSTRAINT jobs_pkey1 PRIMARY KEY (id);
ALTER TABLE ONLY graphile_worker._private_known_crontabs
    ADD CONSTRAINT known_crontabs_pkey PRIMARY KEY (identifier);
ALTER TABLE ONLY graphile_worker.migrations
    ADD CONSTRAINT migrations_pkey PRIMARY KEY (id);
ALTER TABLE ONLY graphile_worker._private_tasks
    ADD CONSTRAINT tasks_identifier_key UNIQUE (identifier);
ALTER TABLE ONLY graphile_worker._private_tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);
ALTER TABLE ONLY journal.epoch
    ADD CONSTRAINT epoch_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY journal.events_courier
    ADD CONSTRAINT events_courier_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_courier_202611
    ADD CONSTRAINT events_courier_202611_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_courier_202612
    ADD CONSTRAINT events_courier_202612_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_courier_202701
    ADD CONSTRAINT events_courier_202701_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_courier_rest
    ADD CONSTRAINT events_courier_rest_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_delivery
    ADD CONSTRAINT events_delivery_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_delivery_202611
    ADD CONSTRAINT events_delivery_202611_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_delivery_202612
    ADD CONSTRAINT events_delivery_202612_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_delivery_202701
    ADD CONSTRAINT events_delivery_202701_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_delivery_rest
    ADD CONSTRAINT events_delivery_rest_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_desk
    ADD CONSTRAINT events_desk_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_desk_202611
    ADD CONSTRAINT events_desk_202611_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_desk_202612
    ADD CONSTRAINT events_desk_202612_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_desk_202701
    ADD CONSTRAINT events_desk_202701_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_desk_rest
    ADD CONSTRAINT events_desk_rest_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_merchant
    ADD CONSTRAINT events_merchant_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_merchant_202611
    ADD CONSTRAINT events_merchant_202611_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_merchant_202612
    ADD CONSTRAINT events_merchant_202612_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_merchant_202701
    ADD CONSTRAINT events_merchant_202701_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_merchant_rest
    ADD CONSTRAINT events_merchant_rest_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_order
    ADD CONSTRAINT events_order_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_order_202611
    ADD CONSTRAINT events_order_202611_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_order_202612
    ADD CONSTRAINT events_order_202612_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_order_202701
    ADD CONSTRAINT events_order_202701_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_order_rest
    ADD CONSTRAINT events_order_rest_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_other
    ADD CONSTRAINT events_other_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_other_202611
    ADD CONSTRAINT events_other_202611_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_other_202612
    ADD CONSTRAINT events_other_202612_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_other_202701
    ADD CONSTRAINT events_other_202701_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.events_other_rest
    ADD CONSTRAINT events_other_rest_pkey PRIMARY KEY (channel, "offset", at);
ALTER TABLE ONLY journal.feeds
    ADD CONSTRAINT feeds_pkey PRIMARY KEY (channel);
ALTER TABLE ONLY menu.cards
    ADD CONSTRAINT cards_pkey PRIMARY KEY (restaurant_id);
ALTER TABLE ONLY menu.groups
    ADD CONSTRAINT groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY menu.menus
    ADD CONSTRAINT menus_pkey PRIMARY KEY (id);
ALTER TABLE ONLY menu.option_groups
    ADD CONSTRAINT option_groups_pkey PRIMARY KEY (id);
ALTER TABLE ONLY menu.options
    ADD CONSTRAINT options_pkey PRIMARY KEY (id);
ALTER TABLE ONLY orders.interventions
    ADD CONSTRAINT interventions_pkey PRIMARY KEY (order_id);
ALTER TABLE ONLY orders.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);
ALTER TABLE ONLY orders.orders
    ADD CONSTRAINT orders_quote_once UNIQUE (quote_id);
ALTER TABLE ONLY orders.unmaskings
    ADD CONSTRAINT unmaskings_pkey PRIMARY KEY (id);
ALTER TABLE ONLY payment.payments
    ADD CONSTRAINT payments_pkey PRIMARY KEY (id);
ALTER TABLE ONLY payment.refunds
    ADD CONSTRAINT refunds_pkey PRIMARY KEY (id);
ALTER TABLE ONLY public._sqlx_migrations
    ADD CONSTRAINT _sqlx_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY restaurant.restaurants
    ADD CONSTRAINT restaurants_pkey PRIMARY KEY (id);
ALTER TABLE ONLY schema.minimum_versions
    ADD CONSTRAINT minimum_versions_pkey PRIMARY KEY (migration);
ALTER TABLE ONLY support.agents
    ADD CONSTRAINT agents_pk PRIMARY KEY (agent_id);
ALTER TABLE ONLY support.conversations
    ADD CONSTRAINT conversations_opened_once UNIQUE (customer_id, opening_id);
ALTER TABLE ONLY support.conversations
    ADD CONSTRAINT conversations_pk PRIMARY KEY (id);
ALTER TABLE ONLY support.entries
    ADD CONSTRAINT entries_pk PRIMARY KEY (conversation_id, seq);
ALTER TABLE ONLY support.entries
    ADD CONSTRAINT entries_sent_once UNIQUE (conversation_id, person_id, client_message_id);
ALTER TABLE ONLY support.faqs
    ADD CONSTRAINT faqs_pk PRIMARY KEY (id);
ALTER TABLE ONLY support.faqs
    ADD CONSTRAINT faqs_position UNIQUE ("position");
ALTER TABLE ONLY tracking.couriers
    ADD CONSTRAINT couriers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY tracking.deliveries
    ADD CONSTRAINT deliveries_pkey PRIMARY KEY (order_id);
ALTER TABLE ONLY tracking.devices
    ADD CONSTRAINT devices_pkey PRIMARY KEY (id);
ALTER TABLE ONLY tracking.devices
    ADD CONSTRAINT devices_token_unique UNIQUE (token_sha256);
ALTER TABLE ONLY tracking.offers
    ADD CONSTRAINT offers_pkey PRIMARY KEY (id);
ALTER TABLE ONLY tracking.positions
    ADD CONSTRAINT positions_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261121
    ADD CONSTRAINT positions_20261121_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261122
    ADD CONSTRAINT positions_20261122_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261123
    ADD CONSTRAINT positions_20261123_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261124
    ADD CONSTRAINT positions_20261124_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261125
    ADD CONSTRAINT positions_20261125_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261126
    ADD CONSTRAINT positions_20261126_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261127
    ADD CONSTRAINT positions_20261127_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261128
    ADD CONSTRAINT positions_20261128_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261129
    ADD CONSTRAINT positions_20261129_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.positions_20261130
    ADD CONSTRAINT positions_20261130_pkey PRIMARY KEY (courier_id, track, seq, at);
ALTER TABLE ONLY tracking.rejected
    ADD CONSTRAINT rejected_pkey PRIMARY KEY (courier_id, day, reason);
ALTER TABLE ONLY users.addresses
    ADD CONSTRAINT addresses_pkey PRIMARY KEY (id);
ALTER TABLE ONLY users.phone_searches
    ADD CONSTRAINT phone_searches_pkey PRIMARY KEY (id);
ALTER TABLE ONLY users.profiles
    ADD CONSTRAINT profiles_pkey PRIMARY KEY (id);
CREATE INDEX attempts_last_at ON auth.attempts USING btree (last_at);
CREATE INDEX audit_of_user ON auth.audit USING btree (user_id, id) WHERE (user_id IS NOT NULL);
CREATE INDEX sessions_by_end ON auth.sessions USING btree (COALESCE(ended_at, expires_at));
CREATE INDEX sessions_ended_at ON auth.sessions USING btree (ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX sessions_of_user ON auth.sessions USING btree (user_id, id) WHERE (ended_at IS NULL);
CREATE INDEX stranger_attempts_last_at ON auth.stranger_attempts USING btree (last_at);
CREATE INDEX quotes_of_customer ON cart.quotes USING btree (customer_id, expires_at);
CREATE INDEX idempotency_keys_claimed_at ON gateway.idempotency_keys USING btree (claimed_at);
CREATE INDEX _private_workers_last_heartbeat_at_idx ON graphile_worker._private_workers USING btree (last_heartbeat_at);
CREATE INDEX jobs_main_index ON graphile_worker._private_jobs USING btree (priority, run_at) INCLUDE (id, task_id, job_queue_id) WHERE (is_available = true);
CREATE INDEX jobs_no_queue_index ON graphile_worker._private_jobs USING btree (priority, run_at) INCLUDE (id, task_id) WHERE ((is_available = true) AND (job_queue_id IS NULL));
CREATE INDEX groups_in_order ON menu.groups USING btree (restaurant_id, "position");
CREATE INDEX menus_in_order ON menu.menus USING btree (group_id, "position");
CREATE INDEX option_groups_in_order ON menu.option_groups USING btree (menu_id, "position");
CREATE INDEX options_in_order ON menu.options USING btree (group_id, "position");
CREATE INDEX orders_by_code ON orders.orders USING btree (orders.code_number(id), id DESC);
CREATE INDEX orders_by_customer ON orders.orders USING btree (customer_id, id DESC);
CREATE INDEX orders_by_restaurant ON orders.orders USING btree (restaurant_id, id DESC) WHERE (placed_at IS NOT NULL);
CREATE INDEX orders_by_status ON orders.orders USING btree (status, id DESC);
CREATE UNIQUE INDEX orders_one_live_per_cart ON orders.orders USING btree (customer_id, cart_version) WHERE ((cart_version IS NOT NULL) AND (status <> ALL (ARRAY['cancelled'::text, 'rejected'::text, 'expired'::text, 'payment_failed'::text])));
CREATE UNIQUE INDEX orders_one_unpaid ON orders.orders USING btree (customer_id) WHERE ((cart_version IS NOT NULL) AND (status = 'pending_payment'::text));
CREATE INDEX orders_open ON orders.orders USING btree (restaurant_id, id) WHERE ((placed_at IS NOT NULL) AND (status = ANY (ARRAY['placed'::text, 'accepted'::text, 'preparing'::text, 'ready'::text, 'picked_up'::text])));
CREATE INDEX unmaskings_by_order ON orders.unmaskings USING btree (order_id, at);
CREATE INDEX payments_of_an_order ON payment.payments USING btree (order_id, created_at DESC, id DESC);
CREATE UNIQUE INDEX payments_one_live ON payment.payments USING btree (order_id) WHERE (status = ANY (ARRAY['in_progress'::text, 'unknown'::text, 'done'::text, 'partially_cancelled'::text]));
CREATE INDEX payments_open ON payment.payments USING btree (created_at) WHERE (status = ANY (ARRAY['in_progress'::text, 'unknown'::text]));
CREATE INDEX refunds_of_an_order ON payment.refunds USING btree (order_id);
CREATE UNIQUE INDEX refunds_once ON payment.refunds USING btree (payment_id, reason);
CREATE INDEX refunds_open ON payment.refunds USING btree (created_at) WHERE (status <> 'succeeded'::text);
CREATE INDEX restaurants_by_name ON restaurant.restaurants USING gin (search.pairs(search.form(name)));
CREATE INDEX restaurants_by_place ON restaurant.restaurants USING btree (lat, lon);
CREATE INDEX restaurants_of_owner ON restaurant.restaurants USING btree (owner_id, id);
CREATE INDEX conversations_of_agent ON support.conversations USING btree (agent_id, id DESC) WHERE (agent_id IS NOT NULL);
CREATE INDEX conversations_of_customer ON support.conversations USING btree (customer_id, id DESC);
CREATE INDEX conversations_of_order ON support.conversations USING btree (order_id, agent_id) WHERE ((order_id IS NOT NULL) AND (status <> 'resolved'::text));
CREATE INDEX conversations_open ON support.conversations USING btree (agent_id) WHERE (status = ANY (ARRAY['open'::text, 'pending'::text]));
CREATE INDEX conversations_queue ON support.conversations USING btree (queued_at, id) WHERE (status = 'queued'::text);
CREATE INDEX couriers_by_name ON tracking.couriers USING gin (search.pairs(search.form(name)));
CREATE INDEX couriers_on_shift ON tracking.couriers USING btree (id) WHERE on_shift;
CREATE INDEX deliveries_live_by_courier ON tracking.deliveries USING btree (courier_id) WHERE (status = ANY (ARRAY['assigned'::text, 'at_restaurant'::text, 'picked_up'::text, 'at_dropoff'::text]));
CREATE INDEX deliveries_unclaimed ON tracking.deliveries USING btree (requested_at) WHERE (status = ANY (ARRAY['requested'::text, 'offered'::text]));
CREATE INDEX devices_by_courier ON tracking.devices USING btree (courier_id, id);
CREATE INDEX offers_by_order ON tracking.offers USING btree (order_id);
CREATE UNIQUE INDEX offers_one_winner ON tracking.offers USING btree (order_id) WHERE (status = 'accepted'::text);
CREATE INDEX offers_pending_by_courier ON tracking.offers USING btree (courier_id) WHERE (status = 'pending'::text);
CREATE INDEX addresses_of_user ON users.addresses USING btree (user_id, id);
CREATE UNIQUE INDEX addresses_one_default ON users.addresses USING btree (user_id) WHERE is_default;
CREATE INDEX phone_searches_by_user ON users.phone_searches USING btree (by_user, at);
CREATE INDEX profiles_by_phone_ending ON users.profiles USING btree ("right"(phone, 4), id DESC);
ALTER INDEX journal.events_courier_pkey ATTACH PARTITION journal.events_courier_202611_pkey;
ALTER INDEX journal.events_courier_pkey ATTACH PARTITION journal.events_courier_202612_pkey;
ALTER INDEX journal.events_courier_pkey ATTACH PARTITION journal.events_courier_202701_pkey;
ALTER INDEX journal.events_courier_pkey ATTACH PARTITION journal.events_courier_rest_pkey;
ALTER INDEX journal.events_delivery_pkey ATTACH PARTITION journal.events_delivery_202611_pkey;
ALTER INDEX journal.events_delivery_pkey ATTACH PARTITION journal.events_delivery_202612_pkey;
ALTER INDEX journal.events_delivery_pkey ATTACH PARTITION journal.events_delivery_202701_pkey;
ALTER INDEX journal.events_delivery_pkey ATTACH PARTITION journal.events_delivery_rest_pkey;
ALTER INDEX journal.events_desk_pkey ATTACH PARTITION journal.events_desk_202611_pkey;
ALTER INDEX journal.events_desk_pkey ATTACH PARTITION journal.events_desk_202612_pkey;
ALTER INDEX journal.events_desk_pkey ATTACH PARTITION journal.events_desk_202701_pkey;
ALTER INDEX journal.events_desk_pkey ATTACH PARTITION journal.events_desk_rest_pkey;
ALTER INDEX journal.events_merchant_pkey ATTACH PARTITION journal.events_merchant_202611_pkey;
ALTER INDEX journal.events_merchant_pkey ATTACH PARTITION journal.events_merchant_202612_pkey;
ALTER INDEX journal.events_merchant_pkey ATTACH PARTITION journal.events_merchant_202701_pkey;
ALTER INDEX journal.events_merchant_pkey ATTACH PARTITION journal.events_merchant_rest_pkey;
ALTER INDEX journal.events_order_pkey ATTACH PARTITION journal.events_order_202611_pkey;
ALTER INDEX journal.events_order_pkey ATTACH PARTITION journal.events_order_202612_pkey;
ALTER INDEX journal.events_order_pkey ATTACH PARTITION journal.events_order_202701_pkey;
ALTER INDEX journal.events_order_pkey ATTACH PARTITION journal.events_order_rest_pkey;
ALTER INDEX journal.events_other_pkey ATTACH PARTITION journal.events_other_202611_pkey;
ALTER INDEX journal.events_other_pkey ATTACH PARTITION journal.events_other_202612_pkey;
ALTER INDEX journal.events_other_pkey ATTACH PARTITION journal.events_other_202701_pkey;
ALTER INDEX journal.events_other_pkey ATTACH PARTITION journal.events_other_rest_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261121_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261122_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261123_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261124_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261125_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261126_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261127_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261128_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261129_pkey;
ALTER INDEX tracking.positions_pkey ATTACH PARTITION tracking.positions_20261130_pkey;
CREATE TRIGGER audit_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON auth.audit FOR EACH STATEMENT EXECUTE FUNCTION auth.refuse_change();
ALTER TABLE ONLY auth.refresh_tokens
    ADD CONSTRAINT refresh_tokens_of_session FOREIGN KEY (session_id) REFERENCES auth.sessions(id) ON DELETE CASCADE;
ALTER TABLE ONLY auth.sessions
    ADD CONSTRAINT sessions_of_account FOREIGN KEY (user_id) REFERENCES auth.accounts(user_id) ON DELETE CASCADE;
ALTER TABLE ONLY graphile_worker._private_job_retirements
    ADD CONSTRAINT _private_job_retirements_id_fkey FOREIGN KEY (id) REFERENCES graphile_worker._private_jobs(id) ON DELETE CASCADE;
ALTER TABLE ONLY menu.groups
    ADD CONSTRAINT groups_of_card FOREIGN KEY (restaurant_id) REFERENCES menu.cards(restaurant_id) ON DELETE CASCADE;
ALTER TABLE ONLY menu.menus
    ADD CONSTRAINT menus_of_group FOREIGN KEY (group_id) REFERENCES menu.groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY menu.option_groups
    ADD CONSTRAINT option_groups_of_menu FOREIGN KEY (menu_id) REFERENCES menu.menus(id) ON DELETE CASCADE;
ALTER TABLE ONLY menu.options
    ADD CONSTRAINT options_of_group FOREIGN KEY (group_id) REFERENCES menu.option_groups(id) ON DELETE CASCADE;
ALTER TABLE ONLY orders.interventions
    ADD CONSTRAINT interventions_order_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id);
ALTER TABLE ONLY orders.unmaskings
    ADD CONSTRAINT unmaskings_order_fkey FOREIGN KEY (order_id) REFERENCES orders.orders(id);
ALTER TABLE ONLY payment.refunds
    ADD CONSTRAINT refunds_of_a_payment FOREIGN KEY (payment_id) REFERENCES payment.payments(id);
ALTER TABLE ONLY support.entries
    ADD CONSTRAINT entries_of_conversation FOREIGN KEY (conversation_id) REFERENCES support.conversations(id);
ALTER TABLE ONLY tracking.offers
    ADD CONSTRAINT offers_order_fkey FOREIGN KEY (order_id) REFERENCES tracking.deliveries(order_id);
ALTER TABLE ONLY users.addresses
    ADD CONSTRAINT addresses_of_profile FOREIGN KEY (user_id) REFERENCES users.profiles(id) ON DELETE CASCADE;
ALTER TABLE graphile_worker._private_job_queues ENABLE ROW LEVEL SECURITY;
ALTER TABLE graphile_worker._private_jobs ENABLE ROW LEVEL SECURITY;
ALTER TABLE graphile_worker._private_known_crontabs ENABLE ROW LEVEL SECURITY;
ALTER TABLE graphile_worker._private_tasks ENABLE ROW LEVEL SECURITY;
