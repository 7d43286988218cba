-- Deploy ccs-jobstore:collection to pg
-- requires: runs
-- Claims of queued runs by collectors, and the leases that keep them. Claims and the release of lost runs wait for no lock.
-- A heartbeat waits for a deletion of the job, and while rows of the run are being stored.
BEGIN;

-- Why a run is taken away from its collector, for the run's messages.
CREATE FUNCTION store.lost_collector(p_run store.job_runs)
RETURNS text
LANGUAGE sql
STABLE
AS $$
    SELECT format(
        'The collector %s was lost: its lease ended at %s.',
        coalesce(p_run.collector, 'of this run'),
        to_char(p_run.lease_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    )
$$;

-- Hands out runs in the order in which they were queued. The arrays are parallel, an element per caller: the first
-- p_counts[1] runs go to the first caller, the next p_counts[2] to the second, and so on, with leases of p_lease_seconds.
-- Runs to hand out are queued, or running with an expired lease unless they were claimed p_maximum_attempts times or
-- exceeded their time limit.
-- A row per run: claimant is the caller's index in the arrays, from 1; *_batch are the last batches that former
-- collectors stored completely.
-- Locked jobs and runs are skipped and are there for the next call: any number of callers share the queue, and the order
-- of locks does not matter.
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
-- Statistics of an empty queue must not lead to a full scan of a long one, nor those of a long one to one of all jobs.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
AS $$
#variable_conflict use_column
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
    -- The caller's place for each run to hand out.
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
        -- More than needed: other servers may be claiming the first ones at this moment. The join leaves out the runs of
        -- purged histories. Both parts are in the order of an index, so that a long queue is not read to its end.
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
                ORDER BY r.lease_expires_at
                LIMIT 1000
            )
        ) c
        ORDER BY c.queued_at, c.run_id
    LOOP
        EXIT WHEN given = cardinality(turns);
        SELECT * INTO job FROM directory.jobs WHERE history_id = candidate.history_id FOR NO KEY UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        -- Checked again under the lock: it may have been claimed or ended since, or its lease renewed.
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
                '%s %s has claimed the run: attempt %s of %s.',
                store.lost_collector(former), run.collector, run.attempts, p_maximum_attempts
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

-- Extends a lease to p_lease_seconds from now, also an expired one, unless the run has been claimed again.
-- outcome:
--   'renewed'
--   'not found'
--   'over'         the run has ended, as status says
--   'lease lost'
-- The share lock on the job excludes a deletion; claims and uploads do not conflict with it. An upload locks the run's row:
-- the lease is renewed after the chunk of rows that is being stored.
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
    -- After a wait for a deletion the condition is checked again: the job has another history by then, or is gone.
    SELECT j.history_id
    INTO history
    FROM directory.jobs j
    WHERE j.history_id = (SELECT r.history_id FROM store.job_runs r WHERE r.run_id = p_run LIMIT 1)
    FOR KEY SHARE;
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

-- Takes at most p_limit runs away from collectors whose lease has expired. outcome is 'requeued', or 'failed' for a run
-- that has been claimed p_maximum_attempts times. A claim may take such a run as well; the first one does it.
-- A run that an upload has locked is skipped: its collector is not lost. Its time limit still applies.
-- A requeued run keeps its ends_at.
CREATE FUNCTION store.release_lost_runs(p_maximum_attempts bigint, p_limit bigint)
RETURNS TABLE (run_id uuid, job_id uuid, outcome text)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    found_run record;
    run store.job_runs;
    told text;
BEGIN
    FOR found_run IN
        SELECT j.job_id, r.history_id, r.run_id
        FROM store.job_runs r
        JOIN directory.jobs j ON j.history_id = r.history_id
        WHERE r.lease_expires_at <= clock_timestamp() AND r.status = 'Running'
        ORDER BY r.lease_expires_at
        LIMIT p_limit
        FOR NO KEY UPDATE OF j SKIP LOCKED
    LOOP
        SELECT r.*
        INTO run
        FROM store.job_runs r
        WHERE r.history_id = found_run.history_id
            AND r.run_id = found_run.run_id
            AND r.lease_expires_at <= clock_timestamp()
            AND r.status = 'Running'
        FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;

        told := store.lost_collector(run);
        IF run.attempts >= p_maximum_attempts THEN
            outcome := 'failed';
            PERFORM store.end_locked_run(
                found_run.job_id, run, 'Failed', 'Error',
                format('%s It was attempt %s of %s.', told, run.attempts, p_maximum_attempts),
                NULL, 'Schedule', NULL
            );
        ELSE
            outcome := 'requeued';
            UPDATE store.job_runs r
            SET status = 'Queued',
                collector = NULL,
                lease_id = NULL,
                lease_expires_at = NULL,
                message_count = r.message_count + 1
            WHERE r.history_id = run.history_id AND r.run_id = run.run_id;
            INSERT INTO store.job_run_messages (history_id, run_id, row_number, logged_at, severity, message)
            VALUES (
                run.history_id, run.run_id, run.message_count, clock_timestamp(), 'Warning',
                format(
                    '%s It was attempt %s of %s: the run is in the queue again.', told, run.attempts, p_maximum_attempts
                )
            );
            UPDATE directory.jobs j
            SET last_run_status = 'Queued'
            WHERE j.job_id = found_run.job_id AND j.last_run_id = run.run_id;
        END IF;
        run_id := run.run_id;
        job_id := found_run.job_id;
        RETURN NEXT;
    END LOOP;
END
$$;

REVOKE EXECUTE
ON FUNCTION store.lost_collector, store.claim_runs, store.renew_lease, store.release_lost_runs
FROM PUBLIC;
GRANT EXECUTE
ON FUNCTION store.lost_collector, store.claim_runs, store.renew_lease, store.release_lost_runs
TO ccs_jobstore;

COMMIT;
