-- Deploy ccs-jobstore:collection to pg
-- requires: job_life
-- Runs on their way from the queue to a collector: claims, and the leases that keep them.
BEGIN;

-- Reports come in numbered batches (bulk_load). Whoever claims a run has to know which of them are stored, and what it
-- sends must not be taken for one of those: another collector may have put other rows under the same number.
ALTER TABLE store.job_runs
    ADD COLUMN messages_batch     bigint NOT NULL DEFAULT 0,
    ADD COLUMN data_batch         bigint NOT NULL DEFAULT 0,
    ADD COLUMN results_batch      bigint NOT NULL DEFAULT 0,
    ADD COLUMN messages_inherited bigint NOT NULL DEFAULT 0,
    ADD COLUMN data_inherited     bigint NOT NULL DEFAULT 0,
    ADD COLUMN results_inherited  bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN store.job_runs.messages_batch IS 'the last batch that is stored wholly; 0 for none';
COMMENT ON COLUMN store.job_runs.messages_inherited IS 'what messages_batch was when the run was claimed last';

-- Hands out runs in the order in which they were queued, to several callers at once. The arrays run side by side: of
-- the first runs p_counts[1] go to the first caller, of the next p_counts[2] to the second, and so on.
-- Given are runs that wait, and those whose lease has run out, unless they were claimed p_maximum_attempts times or have
-- had all the time that they may take. p_lease_seconds: how long each caller's leases hold.
-- A row a run that was given; claimant is the caller's place in the arrays, from 1, and the batches are the last ones that
-- former collectors have stored wholly.
--
-- Nobody waits here: a job or a run that somebody else has locked is passed over, and is there for the next call. So
-- any number of callers share the queue, and jobs need not be locked in the order of their ids.
CREATE FUNCTION store.claim_runs(
    p_counts bigint[],
    p_collectors text[],
    p_lease_seconds bigint[],
    p_maximum_attempts bigint
)
RETURNS TABLE (
    claimant bigint,
    run_id uuid,
    job_id uuid,
    job_name text,
    job_type text,
    configuration text,
    lease_id uuid,
    lease_expires_at timestamptz,
    attempt integer,
    queued_at timestamptz,
    started_at timestamptz,
    ends_at timestamptz,
    messages_batch bigint,
    data_batch bigint,
    results_batch bigint
)
LANGUAGE plpgsql
-- Statistics of an empty queue must not make a long one be read as a whole.
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    -- Whose turn it is, run by run.
    turns CONSTANT bigint[] := ARRAY(
        SELECT a.place
        FROM unnest(p_counts) WITH ORDINALITY AS a (wanted, place)
        CROSS JOIN generate_series(1, a.wanted)
        ORDER BY a.place
    );
    given integer := 0;
    candidate record;
    job directory.jobs;
    former store.job_runs;
    run store.job_runs;
BEGIN
    FOR candidate IN
        -- More than can be given, as others may be taking the first ones at this moment. The join leaves out the runs
        -- of purged histories, which are nobody's any more.
        SELECT c.history_id, c.run_id
        FROM (
            (
                SELECT r.history_id, r.run_id, r.queued_at
                FROM store.job_runs r
                JOIN directory.jobs j ON j.history_id = r.history_id
                WHERE r.status = 'Queued' AND NOT j.is_system
                ORDER BY r.queued_at, r.run_id
                LIMIT 1000
            )
            UNION ALL
            (
                SELECT r.history_id, r.run_id, r.queued_at
                FROM store.job_runs r
                JOIN directory.jobs j ON j.history_id = r.history_id
                WHERE r.status = 'Running'
                    AND r.lease_expires_at <= moment
                    AND r.attempts < p_maximum_attempts
                    AND (r.ends_at IS NULL OR r.ends_at > moment)
                    AND NOT j.is_system
                ORDER BY r.queued_at, r.run_id
                LIMIT 1000
            )
        ) c
        ORDER BY c.queued_at, c.run_id
    LOOP
        EXIT WHEN given = cardinality(turns);
        SELECT * INTO job FROM directory.jobs WHERE history_id = candidate.history_id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        -- Looked at again under the lock: it may have been claimed or ended meanwhile, or its collector is back.
        SELECT *
        INTO former
        FROM store.job_runs
        WHERE history_id = candidate.history_id
            AND run_id = candidate.run_id
            AND (status = 'Queued' OR status = 'Running' AND lease_expires_at <= moment AND attempts < p_maximum_attempts)
        FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;

        given := given + 1;
        claimant := turns[given];
        UPDATE store.job_runs r
        SET status = 'Running',
            started_at = coalesce(r.started_at, moment),
            ends_at = coalesce(r.ends_at, moment + r.time_limit),
            attempts = r.attempts + 1,
            collector = p_collectors[claimant],
            lease_id = gen_random_uuid(),
            lease_expires_at = moment + p_lease_seconds[claimant] * interval '1 second',
            messages_inherited = r.messages_batch,
            data_inherited = r.data_batch,
            results_inherited = r.results_batch,
            message_count = r.message_count + (former.status = 'Running')::integer
        WHERE r.history_id = former.history_id AND r.run_id = former.run_id
        RETURNING * INTO run;
        IF former.status = 'Running' THEN
            INSERT INTO store.job_run_messages (history_id, run_id, row_number, logged_at, severity, message)
            VALUES (run.history_id, run.run_id, former.message_count, moment, 'Warning', format(
                'The collector %s was lost: its lease ended at %s. %s has claimed the run: attempt %s of %s.',
                former.collector,
                to_char(former.lease_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
                run.collector, run.attempts, p_maximum_attempts
            ));
        END IF;
        UPDATE directory.jobs j
        SET last_run_status = 'Running'
        WHERE j.job_id = job.job_id
            AND j.last_run_id = run.run_id
            AND j.last_run_status IS DISTINCT FROM 'Running';

        run_id := run.run_id;
        job_id := job.job_id;
        job_name := job.job_name;
        job_type := job.job_type;
        configuration := job.configuration::text;
        lease_id := run.lease_id;
        lease_expires_at := run.lease_expires_at;
        attempt := run.attempts;
        queued_at := run.queued_at;
        started_at := run.started_at;
        ends_at := run.ends_at;
        messages_batch := run.messages_batch;
        data_batch := run.data_batch;
        results_batch := run.results_batch;
        RETURN NEXT;
    END LOOP;
END
$$;

-- Makes a lease hold for p_lease_seconds from now on, also one that has run out, as long as nobody else has claimed the
-- run. outcome is 'renewed', 'not found', 'over' when the run has ended (status says how), or 'lease lost'.
-- The share of the job's lock keeps a deletion away; claims of other runs do not wait for it.
CREATE FUNCTION store.renew_lease(
    p_run uuid,
    p_lease uuid,
    p_lease_seconds bigint,
    OUT outcome text,
    OUT status text,
    OUT expires_at timestamptz
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    history uuid;
BEGIN
    outcome := 'not found';
    -- Where a deletion was waited for, the condition is looked at again: the job has another history now, or is gone.
    SELECT j.history_id
    INTO history
    FROM store.job_runs r
    JOIN directory.jobs j ON j.history_id = r.history_id
    WHERE r.run_id = p_run
    FOR KEY SHARE OF j;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    UPDATE store.job_runs r
    SET lease_expires_at = clock_timestamp() + p_lease_seconds * interval '1 second'
    WHERE r.history_id = history AND r.run_id = p_run AND r.status = 'Running' AND r.lease_id = p_lease
    RETURNING r.status, r.lease_expires_at INTO status, expires_at;
    IF FOUND THEN
        outcome := 'renewed';
        RETURN;
    END IF;

    SELECT r.status INTO status FROM store.job_runs r WHERE r.history_id = history AND r.run_id = p_run;
    IF FOUND THEN
        outcome := CASE WHEN status IN ('Queued', 'Running') THEN 'lease lost' ELSE 'over' END;
    END IF;
END
$$;

REVOKE EXECUTE ON FUNCTION store.claim_runs, store.renew_lease FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.claim_runs, store.renew_lease TO ccs_jobstore;

COMMIT;
