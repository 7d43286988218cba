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
--   'paused'       the job's creator is disabled: paused_run_at keeps the date until directory.resume_schedules
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
        IF EXISTS (SELECT 1 FROM directory.users u WHERE u.user_id = job.created_by AND u.disabled) THEN
            -- Not while the user is being enabled: that resumes only what is paused already.
            PERFORM 1 FROM directory.users u WHERE u.user_id = job.created_by AND u.disabled FOR SHARE SKIP LOCKED;
            outcome := CASE WHEN FOUND THEN 'paused' ELSE 'passed over' END;
            UPDATE directory.jobs j
            SET next_run_at = NULL, paused_run_at = due.due_at
            WHERE j.job_id = due.job AND outcome = 'paused';
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

-- Jobs of a user who is enabled again are due when they were due before: a date that has passed counts as missed, as after
-- an outage.
CREATE FUNCTION directory.resume_schedules()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE directory.jobs
    SET next_run_at = coalesce(next_run_at, paused_run_at), paused_run_at = NULL
    WHERE job_id IN (
        SELECT job_id
        FROM directory.jobs
        WHERE created_by = NEW.user_id AND paused_run_at IS NOT NULL
        ORDER BY job_id
        FOR NO KEY UPDATE
    );
    RETURN NULL;
END
$$;
CREATE TRIGGER user_enabled AFTER UPDATE OF disabled ON directory.users
    FOR EACH ROW WHEN (OLD.disabled AND NOT NEW.disabled) EXECUTE FUNCTION directory.resume_schedules();

REVOKE EXECUTE ON FUNCTION directory.run_due_jobs, directory.resume_schedules FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.run_due_jobs TO ccs_jobstore;

COMMIT;
