-- Deploy ccs-jobstore:runs to pg
-- requires: store
-- requires: jobs
-- requires: audit
-- The beginning and the end of a run.
BEGIN;

-- Queues a run. p_user is NULL for the schedule; p_request is NULL unless a request asks for the run.
-- outcome:
--   'started'
--   'not found', 'system job'
--   'active'       the job has a run that is queued or running: active_run
CREATE FUNCTION store.start_run(
    p_job uuid,
    p_run uuid,
    p_triggered_by text,
    p_user uuid,
    p_request uuid,
    OUT outcome text,
    OUT active_run uuid,
    OUT job_name text
)
LANGUAGE plpgsql
AS $$
DECLARE
    moment timestamptz;
    job directory.jobs;
BEGIN
    SELECT * INTO job FROM directory.jobs WHERE job_id = p_job FOR NO KEY UPDATE;
    job_name := job.job_name;
    IF NOT FOUND THEN
        outcome := 'not found';
        RETURN;
    END IF;
    IF job.is_system THEN
        outcome := 'system job';
        RETURN;
    END IF;
    SELECT run_id
    INTO active_run
    FROM store.job_runs
    WHERE history_id = job.history_id AND status IN ('Queued', 'Running')
    LIMIT 1;
    IF FOUND THEN
        outcome := 'active';
        RETURN;
    END IF;

    -- Read after the wait for the job's lock, so that runs are in the order in which they were queued.
    moment := clock_timestamp();
    INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, time_limit)
    VALUES (job.history_id, p_run, 'Queued', p_triggered_by, moment, job.run_time_limit);
    UPDATE directory.jobs
    SET run_count = run_count + 1, last_run_id = p_run, last_run_status = 'Queued', last_run_at = moment
    WHERE job_id = p_job;
    INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
    VALUES (p_user, p_triggered_by, 'Run Job', p_job, job.job_name, p_request, jsonb_build_object('JobRunID', p_run));
    outcome := 'started';
END
$$;

-- Locks a run that is not over, for the holder of its lease; for any caller if p_lease is NULL.
-- outcome:
--   'locked'
--   'not found'
--   'over'         it has ended, as run.status says
--   'lease lost'   p_lease is given and is not the run's
-- An expired lease is valid until the run is claimed again or requeued.
-- The lock on the job excludes a deletion until the transaction ends, so that no row is left without its history. It is
-- exclusive: uploads of one run queue for it, and a deletion gets its turn. Uploads that shared it, each waiting for the
-- run's row, would never leave it free. A heartbeat does not conflict with it, but waits for the run's row; claims, the
-- scheduler and retention skip locked rows.
CREATE FUNCTION store.lock_run(p_run uuid, p_lease uuid, OUT outcome text, OUT job_id uuid, OUT run store.job_runs)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    job uuid;
    history uuid;
BEGIN
    outcome := 'not found';
    SELECT j.job_id, j.history_id
    INTO job, history
    FROM directory.jobs j
    WHERE j.history_id = (SELECT r.history_id FROM store.job_runs r WHERE r.run_id = p_run LIMIT 1);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- The job may have lost this history during the wait for its lock.
    PERFORM 1 FROM directory.jobs j WHERE j.job_id = job AND j.history_id = history FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO run FROM store.job_runs r WHERE r.history_id = history AND r.run_id = p_run FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    lock_run.job_id := job;
    outcome := CASE
        WHEN run.status NOT IN ('Queued', 'Running') THEN 'over'
        WHEN p_lease IS NOT NULL AND run.lease_id IS DISTINCT FROM p_lease THEN 'lease lost'
        ELSE 'locked'
    END;
END
$$;

-- Ends a run that the caller has locked and that is not over. The message, if given, becomes its last one.
CREATE FUNCTION store.end_locked_run(
    p_job uuid,
    p_run store.job_runs,
    p_status text,
    p_severity text,
    p_message text,
    p_user uuid,
    p_user_name text,
    p_request uuid
)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE store.job_runs
    SET status = p_status,
        ended_at = clock_timestamp(),
        lease_expires_at = NULL,
        message_count = message_count + (p_message IS NOT NULL)::integer
    WHERE history_id = p_run.history_id AND run_id = p_run.run_id;
    IF p_message IS NOT NULL THEN
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        VALUES (p_run.history_id, p_run.run_id, p_run.message_count, p_severity, p_message);
    END IF;
    UPDATE directory.jobs SET last_run_status = p_status WHERE job_id = p_job AND last_run_id = p_run.run_id;
    IF p_status = 'Aborted' THEN
        INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
        SELECT
            p_user, p_user_name, 'Abort Job Run', job_id, job_name, p_request,
            jsonb_build_object('JobRunID', p_run.run_id)
        FROM directory.jobs
        WHERE job_id = p_job;
    END IF;
END
$$;

-- Ends a queued or running run. The message, if given, becomes its last one. Collectors complete a run by
-- store.complete_run.
-- outcome:
--   'ended'
--   'not found', 'over' (status says how), 'lease lost': those of store.lock_run
CREATE FUNCTION store.end_run(
    p_run uuid,
    p_lease uuid,
    p_status text,
    p_severity text,
    p_message text,
    p_user uuid,
    p_user_name text,
    p_request uuid,
    OUT outcome text,
    OUT status text,
    OUT lease uuid
)
LANGUAGE plpgsql
AS $$
DECLARE
    locked CONSTANT record := store.lock_run(p_run, p_lease);
    run CONSTANT store.job_runs := locked.run;
BEGIN
    outcome := locked.outcome;
    status := run.status;
    lease := run.lease_id;
    IF outcome = 'locked' THEN
        PERFORM store.end_locked_run(
            locked.job_id, run, p_status, p_severity, p_message, p_user, p_user_name, p_request
        );
        status := p_status;
        outcome := 'ended';
    END IF;
END
$$;

-- Ends a run that exceeded its time limit. The caller has locked the job and the run and has checked ends_at.
CREATE FUNCTION store.end_overdue_run(p_job uuid, p_run store.job_runs)
RETURNS void
LANGUAGE sql
AS $$
    SELECT store.end_locked_run(
        p_job, p_run, 'Aborted', 'Warning',
        format(
            'The run was ended because it took longer than EndJobRunTimeInterval (%s) allows.',
            to_char(p_run.time_limit, 'HH24:MI:SS')
        ),
        NULL, 'Schedule', NULL
    )
$$;

-- Ends runs that exceeded their time limit, at most p_limit. A run whose upload holds its lock is skipped: the upload
-- ends it by itself (store.lock_batch).
-- Nearly all runs are over: statistics must not lead to a scan of them or of all jobs, nor the cost that is set on one to
-- compiling a query of a millisecond.
CREATE FUNCTION store.end_overdue_runs(p_limit bigint)
RETURNS TABLE (run_id uuid, job_id uuid)
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
BEGIN
    FOR found_run IN
        SELECT j.job_id, r.history_id, r.run_id
        FROM store.job_runs r
        JOIN directory.jobs j ON j.history_id = r.history_id
        WHERE r.ends_at <= clock_timestamp() AND r.status IN ('Queued', 'Running')
        ORDER BY r.ends_at
        LIMIT p_limit
        FOR NO KEY UPDATE OF j SKIP LOCKED
    LOOP
        SELECT r.*
        INTO run
        FROM store.job_runs r
        WHERE r.history_id = found_run.history_id
            AND r.run_id = found_run.run_id
            AND r.ends_at <= clock_timestamp()
            AND r.status IN ('Queued', 'Running')
        FOR UPDATE SKIP LOCKED;
        CONTINUE WHEN NOT FOUND;
        PERFORM store.end_overdue_run(found_run.job_id, run);
        run_id := run.run_id;
        job_id := found_run.job_id;
        RETURN NEXT;
    END LOOP;
END
$$;

REVOKE EXECUTE
ON FUNCTION
    store.start_run,
    store.lock_run,
    store.end_locked_run,
    store.end_run,
    store.end_overdue_run,
    store.end_overdue_runs
FROM PUBLIC;
GRANT EXECUTE
ON FUNCTION
    store.start_run,
    store.lock_run,
    store.end_locked_run,
    store.end_run,
    store.end_overdue_run,
    store.end_overdue_runs
TO ccs_jobstore;
GRANT EXECUTE ON FUNCTION store.start_run TO ccs_jobstore_admin;

COMMIT;
