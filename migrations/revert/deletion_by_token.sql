-- Revert ccs-jobstore:deletion_by_token from pg
BEGIN;

DROP FUNCTION directory.delete_jobs(uuid[], bytea[], text[], uuid[], boolean, boolean[], uuid[], bigint, boolean, text[]);

-- Delete Job, for one job or for many at once. The arrays run side by side and name no job twice.
-- p_remove: take the job out of the directory; else it stays, with a new and empty history.
-- p_bound: how many rows are erased in this transaction; what exceeds it is left to the eraser.
-- p_together: all of them or none. If not, a job that somebody else has locked is left alone and not waited for, so
-- that it does not hold up the others.
-- p_versions: those of which a job must have one, each entry in the form of a bigint[]; '' or no array for any.
-- A row a job, in the order of p_jobs; outcome is 'done', 'not found', 'not creator', 'system job', 'locked', or 'changed'
-- when the job has another version than is wanted.
-- rows_erased is what the transaction erased in all, in the first row.
-- Jobs are locked in the order of their ids, so that two calls never wait for each other in a circle.
-- Planned once for each connection: planning at each call took more time than deleting. Such a plan knows nothing of the
-- arrays, so it is told to go by indexes, from which a count or a deletion of a few rows can stop early.
CREATE FUNCTION directory.delete_jobs(
    p_jobs uuid[],
    p_callers uuid[],
    p_caller_names text[],
    p_remove boolean[],
    p_requests uuid[],
    p_bound bigint,
    p_together boolean,
    p_versions text[] DEFAULT NULL
)
RETURNS TABLE (outcome text, job_name text, runs bigint, rows_left boolean, rows_erased bigint)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    locked uuid[];
    outcomes text[];
    names text[];
    run_counts bigint[];
    histories uuid[];
    doomed uuid[];
    doomed_jobs uuid[];
    removed uuid[];
    rows_found bigint := 0;
    budget bigint := p_bound;
    left_over boolean := false;
    one_history uuid;
    step record;
BEGIN
    IF p_together THEN
        SELECT array_agg(l.job_id)
        INTO locked
        FROM (SELECT job_id FROM directory.jobs WHERE job_id = ANY (p_jobs) ORDER BY job_id FOR UPDATE) l;
    ELSE
        SELECT array_agg(l.job_id)
        INTO locked
        FROM (SELECT job_id FROM directory.jobs WHERE job_id = ANY (p_jobs) ORDER BY job_id FOR UPDATE SKIP LOCKED) l;
    END IF;

    -- A statement of its own, so that its snapshot is younger than the locks.
    SELECT
        array_agg(o.outcome ORDER BY o.place),
        array_agg(o.job_name ORDER BY o.place),
        array_agg(o.run_count ORDER BY o.place),
        array_agg(o.history_id ORDER BY o.place),
        array_agg(o.history_id ORDER BY o.history_id) FILTER (WHERE o.outcome = 'done'),
        array_agg(o.job_id) FILTER (WHERE o.outcome = 'done'),
        array_agg(o.job_id) FILTER (WHERE o.outcome = 'done' AND o.remove)
    INTO outcomes, names, run_counts, histories, doomed, doomed_jobs, removed
    FROM (
        SELECT
            CASE
                WHEN j.job_id IS NULL THEN 'not found'
                WHEN j.is_system THEN 'system job'
                WHEN j.created_by <> a.caller THEN 'not creator'
                WHEN j.job_id = ANY (locked) IS NOT TRUE THEN 'locked'
                WHEN NOT j.version = ANY (nullif(a.versions, '')::bigint[]) THEN 'changed'
                ELSE 'done'
            END AS outcome,
            j.job_name, j.run_count, j.history_id, j.job_id, a.remove, a.place
        FROM unnest(p_jobs, p_callers, p_remove, p_versions) WITH ORDINALITY
            AS a (job_id, caller, remove, versions, place)
        LEFT JOIN directory.jobs j ON j.job_id = a.job_id
    ) o;

    IF doomed IS NOT NULL AND NOT (p_together AND array_length(doomed, 1) < array_length(p_jobs, 1)) THEN
        IF removed IS NOT NULL THEN
            DELETE FROM directory.jobs WHERE job_id = ANY (removed);
        END IF;
        IF removed IS NULL OR array_length(removed, 1) < array_length(doomed, 1) THEN
            UPDATE directory.jobs
            SET history_id = gen_random_uuid(), run_count = 0, last_run_status = NULL, last_run_at = NULL
            WHERE job_id = ANY (doomed_jobs);
        END IF;

        SELECT
            (SELECT count(*) FROM (SELECT FROM store.evaluation_results WHERE history_id = ANY (doomed) LIMIT p_bound + 1) r)
            + (SELECT count(*) FROM (SELECT FROM store.collected_data WHERE history_id = ANY (doomed) LIMIT p_bound + 1) d)
            + (SELECT count(*) FROM (SELECT FROM store.job_run_messages WHERE history_id = ANY (doomed) LIMIT p_bound + 1) m)
            + (SELECT count(*) FROM (SELECT FROM store.job_runs WHERE history_id = ANY (doomed) LIMIT p_bound + 1) j)
        INTO rows_found;

        IF rows_found <= p_bound THEN
            DELETE FROM store.evaluation_results WHERE history_id = ANY (doomed);
            DELETE FROM store.collected_data WHERE history_id = ANY (doomed);
            DELETE FROM store.job_run_messages WHERE history_id = ANY (doomed);
            DELETE FROM store.job_runs WHERE history_id = ANY (doomed);
            budget := p_bound - rows_found;
        ELSE
            INSERT INTO store.purges (history_id, job_id, job_name, requested_by)
            SELECT a.history_id, a.job_id, a.job_name, a.caller_name
            FROM unnest(histories, p_jobs, names, p_caller_names) AS a (history_id, job_id, job_name, caller_name)
            WHERE a.history_id = ANY (doomed);
            FOREACH one_history IN ARRAY doomed LOOP
                SELECT * INTO step FROM store.erase(one_history, budget);
                budget := budget - step.erased;
                left_over := left_over OR NOT step.finished;
            END LOOP;
        END IF;

        INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
        SELECT a.caller, a.caller_name, CASE WHEN a.remove THEN 'Delete Job' ELSE 'Purge Job' END,
               a.job_id, a.job_name, a.request, jsonb_build_object('Runs', a.runs)
        FROM unnest(p_callers, p_caller_names, p_remove, p_jobs, names, p_requests, run_counts, outcomes)
            AS a (caller, caller_name, remove, job_id, job_name, request, runs, outcome)
        WHERE a.outcome = 'done';
    END IF;

    RETURN QUERY
    SELECT a.outcome, a.job_name, a.runs, left_over, CASE WHEN a.place = 1 THEN p_bound - budget ELSE 0 END
    FROM unnest(outcomes, names, run_counts) WITH ORDINALITY AS a (outcome, job_name, runs, place);
END
$$;

REVOKE EXECUTE ON FUNCTION directory.delete_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.delete_jobs TO ccs_jobstore;

COMMIT;
