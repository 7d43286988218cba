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

-- Ends a queued or running run. The message, if given, becomes its last one. Collectors complete a run by
-- store.complete_run, which calls this.
-- outcome:
--   'ended'
--   'not found'
--   'over'         it had ended before, as status says
--   'lease lost'   p_lease is given and is not the run's
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
    OUT lease uuid,
    OUT job_id uuid
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    job directory.jobs;
    run store.job_runs;
BEGIN
    outcome := 'not found';
    SELECT j.*
    INTO job
    FROM directory.jobs j
    WHERE j.history_id = (SELECT r.history_id FROM store.job_runs r WHERE r.run_id = p_run LIMIT 1);
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- The job may have lost this history during the wait for its lock.
    PERFORM FROM directory.jobs j WHERE j.job_id = job.job_id AND j.history_id = job.history_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO run FROM store.job_runs r WHERE r.history_id = job.history_id AND r.run_id = p_run FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    job_id := job.job_id;
    status := run.status;
    lease := run.lease_id;
    IF run.status NOT IN ('Queued', 'Running') THEN
        outcome := 'over';
        RETURN;
    END IF;
    IF p_lease IS NOT NULL AND run.lease_id IS DISTINCT FROM p_lease THEN
        outcome := 'lease lost';
        RETURN;
    END IF;

    UPDATE store.job_runs r
    SET status = p_status,
        ended_at = clock_timestamp(),
        lease_expires_at = NULL,
        message_count = r.message_count + (p_message IS NOT NULL)::integer
    WHERE r.history_id = job.history_id AND r.run_id = p_run;
    IF p_message IS NOT NULL THEN
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        VALUES (job.history_id, p_run, run.message_count, p_severity, p_message);
    END IF;
    UPDATE directory.jobs j SET last_run_status = p_status WHERE j.job_id = job.job_id AND j.last_run_id = p_run;
    IF p_status = 'Aborted' THEN
        INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
        VALUES (
            p_user, p_user_name, 'Abort Job Run', job.job_id, job.job_name, p_request,
            jsonb_build_object('JobRunID', p_run)
        );
    END IF;
    status := p_status;
    outcome := 'ended';
END
$$;

-- Ends a run that exceeded p_time_limit. The caller has locked the job and the run and has checked ends_at.
CREATE FUNCTION store.end_overdue_run(p_run uuid, p_time_limit interval)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM store.end_run(
        p_run, NULL, 'Aborted', 'Warning',
        format(
            'The run was ended because it took longer than EndJobRunTimeInterval (%s) allows.',
            to_char(p_time_limit, 'HH24:MI:SS')
        ),
        NULL, 'Schedule', NULL
    );
END
$$;

-- Ends runs that exceeded their time limit, at most p_limit. A run whose upload holds its lock is skipped: the upload
-- ends it by itself (store.lock_batch).
-- Nearly all runs are over: statistics must not lead to a sequential scan of them, nor the cost that is set on one to
-- compiling a query of a millisecond.
CREATE FUNCTION store.end_overdue_runs(p_limit bigint)
RETURNS TABLE (run_id uuid, job_id uuid)
LANGUAGE plpgsql
SET enable_seqscan = off
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
        PERFORM store.end_overdue_run(run.run_id, run.time_limit);
        run_id := run.run_id;
        job_id := found_run.job_id;
        RETURN NEXT;
    END LOOP;
END
$$;

REVOKE EXECUTE
ON FUNCTION
    store.start_run,
    store.end_run,
    store.end_overdue_run,
    store.end_overdue_runs
FROM PUBLIC;
GRANT EXECUTE
ON FUNCTION
    store.start_run,
    store.end_run,
    store.end_overdue_run,
    store.end_overdue_runs
TO ccs_jobstore;

COMMIT;
