-- Deploy ccs-jobstore:audit to pg
-- requires: directory
-- Who did what to which job. Names are copied: an event outlives the user and the job.
BEGIN;

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO ccs_jobstore, ccs_jobstore_admin;

-- Events are read by time, and never by event_id alone: the key doubles as the index by time.
CREATE TABLE audit.events (
    event_id    bigint      GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_id     uuid,
    user_name   text        NOT NULL,
    operation   text        NOT NULL,
    job_id      uuid,
    job_name    text,
    request_id  uuid,
    details     jsonb,
    -- Of events that are counted by audit.count_event: the beginning of the ten minutes, and whose events it counts.
    counted_since timestamptz,
    counted_for   text,
    PRIMARY KEY (occurred_at, event_id)
);
COMMENT ON TABLE audit.events IS 'Bounded by audit.keepDays; without it by nothing: the trail is kept for ever';
-- One for each question that `ccs-jobstore audit` asks, in the order of its answer, newest first: a page costs the same
-- however long the trail is. By name, because names outlive users and jobs.
CREATE INDEX events_by_job ON audit.events (job_id, occurred_at, event_id);
CREATE INDEX events_by_job_name ON audit.events (directory.folded(job_name), occurred_at, event_id);
CREATE INDEX events_by_user ON audit.events (directory.folded(user_name), occurred_at, event_id);
CREATE INDEX events_by_operation ON audit.events (lower(operation), occurred_at, event_id);
CREATE UNIQUE INDEX events_counted ON audit.events (counted_since, operation, counted_for) WHERE counted_since IS NOT NULL;

GRANT SELECT, INSERT ON audit.events TO ccs_jobstore;
GRANT SELECT, INSERT ON audit.events TO ccs_jobstore_admin;

-- Puts on record what a client can repeat as often as it likes: the events of ten minutes that share operation, user and
-- p_kind are one event, whose details count them. It keeps the time, the job and the details of the first.
-- p_user_name: of a user of the directory, in any case, or what somebody claimed to be; names nobody has are counted
-- together.
-- p_limit: the most such events of the operation within ten minutes; further ones are one event of the user '(others)'.
-- NULL without a limit, where p_kind is not the client's to choose.
-- SECURITY DEFINER, because the server may not change an event.
CREATE FUNCTION audit.count_event(
    p_operation text,
    p_user_name text,
    p_kind text,
    p_job uuid,
    p_job_name text,
    p_request uuid,
    p_details jsonb,
    p_limit bigint
)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
    since CONSTANT timestamptz := date_bin('10 minutes', clock_timestamp(), 'epoch');
    caller_id uuid;
    caller_name text;
    whose text;
BEGIN
    SELECT u.user_id, u.user_name
    INTO caller_id, caller_name
    FROM directory.users u
    WHERE directory.folded(u.user_name) = directory.folded(p_user_name);
    caller_name := coalesce(caller_name, left(p_user_name, 256));
    whose := concat_ws(' ', caller_id, p_kind);
    IF p_limit IS NOT NULL
        AND NOT EXISTS (
            SELECT 1
            FROM audit.events e
            WHERE e.counted_since = since AND e.operation = p_operation AND e.counted_for = whose
        )
        AND p_limit <= (
            SELECT count(*)
            FROM (
                SELECT 1
                FROM audit.events e
                WHERE e.counted_since = since AND e.operation = p_operation
                LIMIT p_limit
            ) counted
        )
    THEN
        caller_id := NULL;
        caller_name := '(others)';
        whose := '';
        p_details := '{}';
    END IF;
    INSERT INTO audit.events AS e (
        user_id, user_name, operation, job_id, job_name, request_id, details, counted_since, counted_for
    )
    VALUES (
        caller_id, caller_name, p_operation, p_job, p_job_name, p_request, p_details || '{"Count": 1}', since, whose
    )
    ON CONFLICT (counted_since, operation, counted_for) WHERE counted_since IS NOT NULL DO UPDATE
    SET details = e.details || jsonb_build_object('Count', (e.details ->> 'Count')::bigint + 1);
END
$$;
REVOKE EXECUTE ON FUNCTION audit.count_event FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.count_event TO ccs_jobstore;

-- Removes events of days (UTC) that ended more than p_keep_days days ago, oldest first and at most p_limit, and puts that
-- on record. The newest whole day stays whatever p_keep_days is.
-- SECURITY DEFINER, because the server may not delete: one in wrong hands can neither choose the events nor remove any
-- unseen.
CREATE FUNCTION audit.remove_events(p_keep_days bigint, p_limit bigint, OUT removed bigint)
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
SET enable_seqscan = off
SET enable_bitmapscan = off
SET jit = off
AS $$
DECLARE
    first_kept CONSTANT date := (clock_timestamp() AT TIME ZONE 'UTC')::date - greatest(p_keep_days, 1)::integer;
BEGIN
    WITH expired AS (
        SELECT e.occurred_at, e.event_id
        FROM audit.events e
        WHERE e.occurred_at < first_kept::timestamp AT TIME ZONE 'UTC'
        ORDER BY e.occurred_at, e.event_id
        LIMIT p_limit
        FOR UPDATE SKIP LOCKED
    ), gone AS (
        DELETE FROM audit.events e
        USING expired x
        WHERE e.occurred_at = x.occurred_at AND e.event_id = x.event_id
    )
    SELECT count(*) INTO removed FROM expired;
    IF removed > 0 THEN
        INSERT INTO audit.events (user_name, operation, details)
        VALUES ('Retention', 'Remove Audit Events', jsonb_build_object('Events', removed, 'Before', first_kept));
    END IF;
END
$$;
REVOKE EXECUTE ON FUNCTION audit.remove_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit.remove_events TO ccs_jobstore;

COMMIT;
