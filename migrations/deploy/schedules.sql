-- Deploy ccs-jobstore:schedules to pg
-- requires: runs
BEGIN;

-- Starts runs of jobs that are due. The arrays are parallel, an element per job, as the caller read it; no job twice.
-- p_next: when the job is due next; NULL for never.
-- p_faults: why its schedule cannot be followed; '' otherwise. Such a job loses its date, and no run starts.
-- p_runs: identifiers for the new runs.
-- outcome:
--   'started'
--   'active'       the job has an active run; this occurrence is skipped
--   'postponed'    the job has an active run, and this is its last occurrence: it is due again in a minute
--   'cleared'      the job has no date any more
--   'passed over'  the job is locked and stays due, or has changed since it was read: another server was first
-- Any number of servers may call this at once: the database's clock decides, and locked jobs are skipped.
CREATE FUNCTION directory.run_due_jobs(
    p_jobs uuid[],
    p_due timestamptz[],
    p_versions bigint[],
    p_next timestamptz[],
    p_faults text[],
    p_runs uuid[]
)
RETURNS TABLE (job_id uuid, outcome text)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    due record;
    job directory.jobs;
BEGIN
    FOR due IN
        SELECT *
        FROM unnest(p_jobs, p_due, p_versions, p_next, p_faults, p_runs)
            AS a (job, due_at, version, next_at, fault, run)
        ORDER BY a.job
    LOOP
        SELECT j.*
        INTO job
        FROM directory.jobs j
        WHERE j.job_id = due.job AND j.next_run_at = due.due_at AND j.version = due.version
        FOR NO KEY UPDATE SKIP LOCKED;
        job_id := due.job;
        IF NOT FOUND THEN
            outcome := 'passed over';
            RETURN NEXT;
            CONTINUE;
        END IF;

        IF due.fault <> '' THEN
            outcome := 'cleared';
            INSERT INTO audit.events (user_name, operation, job_id, job_name, details)
            VALUES (
                'Schedule', 'Clear Schedule', due.job, job.job_name,
                jsonb_build_object('NextRunDate', job.next_run_at, 'Reason', due.fault)
            );
        ELSE
            SELECT s.outcome INTO outcome FROM store.start_run(due.job, due.run, 'Schedule', NULL, NULL) s;
            outcome := CASE
                WHEN outcome = 'active' AND due.next_at IS NULL THEN 'postponed'
                WHEN outcome IN ('started', 'active') THEN outcome
                ELSE 'cleared'
            END;
        END IF;
        UPDATE directory.jobs j
        SET next_run_at = CASE outcome
            WHEN 'cleared' THEN NULL
            WHEN 'postponed' THEN clock_timestamp() + interval '1 minute'
            ELSE due.next_at
        END
        WHERE j.job_id = due.job;
        RETURN NEXT;
    END LOOP;
END
$$;

REVOKE EXECUTE ON FUNCTION directory.run_due_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.run_due_jobs TO ccs_jobstore;

COMMIT;
