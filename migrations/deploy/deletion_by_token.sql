-- Deploy ccs-jobstore:deletion_by_token to pg
-- requires: erasure_by_bitmap
-- Delete Job in one call and one transaction with the look at who asks for it.
BEGIN;

DROP FUNCTION directory.delete_jobs(uuid[], uuid[], text[], boolean[], uuid[], bigint, boolean, text[]);

-- Delete Job, for one job or for many at once. The arrays run side by side and name no job twice.
-- p_tokens: SHA-256 of the callers' access tokens.
-- p_tasks, p_folders, p_whole_tree: what a caller must have, for auth.authorize.
-- p_remove: take the job out of the directory; else it stays, with a new and empty history.
-- p_bound: how many rows are erased in this transaction; what exceeds it is left to the eraser.
-- p_together: all of them or none. If not, a job that somebody else has locked is left alone and not waited for, so
-- that it does not hold up the others.
-- p_versions: those of which a job must have one, each entry in the form of a bigint[]; '' or no array for any.
-- A row a job, in the order of p_jobs; outcome is 'done', 'unknown caller' when the token stands for nobody now, 'not
-- permitted' when the caller lacks a task or a folder (missing names it), 'not found', 'not creator', 'system job', 'locked', or 'changed'
-- when the job has another version than is wanted.
-- rows_erased is what the transaction erased in all, in the first row that is 'done'.
-- Jobs are locked in the order of their ids, so that two calls never wait for each other in a circle. Whoever adds to a
-- history holds a lock on its job until that is committed, so what is counted under ours is all there is. The runs need
-- not be counted: the job says how many it has.
-- Planned once for each connection: planning at each call took more time than deleting. Such a plan knows nothing of the
-- arrays, so it is told to go by indexes, from which a count or a deletion of a few rows can stop early.
CREATE FUNCTION directory.delete_jobs(
    p_jobs uuid[],
    p_tokens bytea[],
    p_tasks text[],
    p_folders uuid[],
    p_whole_tree boolean,
    p_remove boolean[],
    p_requests uuid[],
    p_bound bigint,
    p_together boolean,
    p_versions text[] DEFAULT NULL
)
RETURNS TABLE (
    outcome text, user_name text, missing text, job_name text, runs bigint, rows_left boolean, rows_erased bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    callers uuid[];
    caller_names text[];
    lacks text[];
    permitted boolean[];
    jobs_locked boolean := false;
    wanted uuid[];
    outcomes text[];
    names text[];
    run_counts bigint[];
    histories uuid[];
    doomed uuid[];
    doomed_jobs uuid[];
    removed uuid[];
    results_found bigint;
    data_found bigint;
    messages_found bigint;
    runs_found bigint;
    rows_found bigint;
    budget bigint := p_bound;
    left_over boolean := false;
    one_history uuid;
    step record;
BEGIN
    LOOP
        -- Each token is looked up once, however many ask with it.
        WITH holders AS MATERIALIZED (
            SELECT t.token_hash, h.user_id, h.user_name, h.missing
            FROM (SELECT DISTINCT token_hash FROM unnest(p_tokens) AS t (token_hash)) t
            CROSS JOIN LATERAL auth.authorize(t.token_hash, p_tasks, p_folders, p_whole_tree) h
        )
        SELECT
            array_agg(o.user_id), array_agg(o.user_name), array_agg(o.missing), array_agg(o.permitted),
            array_agg(o.job_id) FILTER (WHERE o.permitted)
        INTO callers, caller_names, lacks, permitted, wanted
        FROM (
            SELECT h.user_id, h.user_name, h.missing, h.missing IS NULL AND h.user_id IS NOT NULL AS permitted, a.job_id
            FROM unnest(p_jobs, p_tokens) WITH ORDINALITY AS a (job_id, token_hash, place)
            LEFT JOIN holders h USING (token_hash)
            ORDER BY a.place
        ) o;

        -- Whoever has waited for others is looked at once more: rights may have gone meanwhile.
        EXIT WHEN NOT p_together OR jobs_locked;
        PERFORM FROM directory.jobs WHERE job_id = ANY (wanted) ORDER BY job_id FOR UPDATE;
        jobs_locked := true;
    END LOOP;

    -- A row that is locked here is read as it is under the lock.
    SELECT
        array_agg(o.outcome), array_agg(o.job_name), array_agg(o.run_count), array_agg(o.history_id),
        array_agg(o.history_id) FILTER (WHERE o.outcome = 'done'),
        array_agg(o.job_id) FILTER (WHERE o.outcome = 'done'),
        array_agg(o.job_id) FILTER (WHERE o.outcome = 'done' AND o.remove),
        sum(o.run_count) FILTER (WHERE o.outcome = 'done')
    INTO outcomes, names, run_counts, histories, doomed, doomed_jobs, removed, runs_found
    FROM (
        SELECT
            CASE
                WHEN a.caller IS NULL THEN 'unknown caller'
                WHEN NOT a.permitted THEN 'not permitted'
                WHEN j.job_id IS NULL THEN 'not found'
                WHEN j.is_system THEN 'system job'
                WHEN j.created_by <> a.caller THEN 'not creator'
                WHEN NOT j.version = ANY (nullif(a.versions, '')::bigint[]) THEN 'changed'
                ELSE 'done'
            END AS outcome,
            j.job_name, j.run_count, j.history_id, j.job_id, a.remove
        FROM unnest(p_jobs, callers, permitted, p_remove, p_versions) WITH ORDINALITY
            AS a (job_id, caller, permitted, remove, versions, place)
        LEFT JOIN (
            SELECT job_id, job_name, run_count, history_id, is_system, created_by, version
            FROM directory.jobs
            WHERE job_id = ANY (wanted)
            ORDER BY job_id
            FOR UPDATE SKIP LOCKED
        ) j ON j.job_id = a.job_id
        ORDER BY a.place
    ) o;

    IF 'not found' = ANY (outcomes) THEN
        -- Some may be there, but locked by somebody else.
        SELECT array_agg(
            CASE
                WHEN a.outcome <> 'not found' OR j.job_id IS NULL THEN a.outcome
                WHEN j.is_system THEN 'system job'
                WHEN j.created_by <> a.caller THEN 'not creator'
                ELSE 'locked'
            END
            ORDER BY a.place
        )
        INTO outcomes
        FROM unnest(p_jobs, callers, outcomes) WITH ORDINALITY AS a (job_id, caller, outcome, place)
        LEFT JOIN directory.jobs j ON j.job_id = a.job_id;
    END IF;

    IF doomed IS NOT NULL AND NOT (p_together AND cardinality(doomed) < cardinality(p_jobs)) THEN
        IF removed IS NOT NULL THEN
            DELETE FROM directory.jobs WHERE job_id = ANY (removed);
        END IF;
        IF removed IS NULL OR cardinality(removed) < cardinality(doomed) THEN
            UPDATE directory.jobs
            SET history_id = gen_random_uuid(), run_count = 0, last_run_status = NULL, last_run_at = NULL
            WHERE job_id = ANY (doomed_jobs);
        END IF;

        SELECT
            (SELECT count(*) FROM (SELECT FROM store.evaluation_results WHERE history_id = ANY (doomed) LIMIT p_bound + 1) r),
            (SELECT count(*) FROM (SELECT FROM store.collected_data WHERE history_id = ANY (doomed) LIMIT p_bound + 1) d),
            (SELECT count(*) FROM (SELECT FROM store.job_run_messages WHERE history_id = ANY (doomed) LIMIT p_bound + 1) m)
        INTO results_found, data_found, messages_found;
        rows_found := results_found + data_found + messages_found + runs_found;

        IF rows_found <= p_bound THEN
            IF results_found > 0 THEN
                DELETE FROM store.evaluation_results WHERE history_id = ANY (doomed);
            END IF;
            IF data_found > 0 THEN
                DELETE FROM store.collected_data WHERE history_id = ANY (doomed);
            END IF;
            IF messages_found > 0 THEN
                DELETE FROM store.job_run_messages WHERE history_id = ANY (doomed);
            END IF;
            DELETE FROM store.job_runs WHERE history_id = ANY (doomed);
            budget := p_bound - rows_found;
        ELSE
            INSERT INTO store.purges (history_id, job_id, job_name, requested_by)
            SELECT a.history_id, a.job_id, a.job_name, a.caller_name
            FROM unnest(histories, p_jobs, names, caller_names) AS a (history_id, job_id, job_name, caller_name)
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
        FROM unnest(callers, caller_names, p_remove, p_jobs, names, p_requests, run_counts, outcomes)
            AS a (caller, caller_name, remove, job_id, job_name, request, runs, outcome)
        WHERE a.outcome = 'done';
    END IF;

    RETURN QUERY
    SELECT a.outcome, a.user_name, a.missing, a.job_name, a.runs, left_over,
           CASE WHEN a.place = array_position(outcomes, 'done') THEN p_bound - budget ELSE 0 END
    FROM unnest(outcomes, caller_names, lacks, names, run_counts) WITH ORDINALITY
        AS a (outcome, user_name, missing, job_name, runs, place);
END
$$;

REVOKE EXECUTE ON FUNCTION directory.delete_jobs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.delete_jobs TO ccs_jobstore;

COMMIT;
