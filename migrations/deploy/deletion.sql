-- Deploy ccs-jobstore:deletion to pg
-- requires: jobs
-- requires: audit
-- requires: erasure
-- requires: authorization
BEGIN;

-- Delete Job, for one job or for many: authorise, lock, decide, erase, audit. The arrays are parallel, an element per
-- job; no job twice.
-- p_tokens: SHA-256 of the callers' access tokens.
-- p_tasks, p_folders, p_whole_tree: what a caller needs, for auth.authorize.
-- p_remove: remove the job from the directory; otherwise it stays, with a new and empty history.
-- p_bound: the most rows to erase in this transaction; the rest is left to the eraser.
-- p_together: all jobs or none. Otherwise a job that is locked is skipped, not waited for: it does not delay the others.
-- p_versions: the versions of which the job must have one, each element written as a bigint[]; '' or no array for any.
-- A row per job, in the order of p_jobs. rows_erased is the transaction's total, in the first row that is 'done'.
-- outcome:
--   'done'
--   'unknown caller'  the token is unknown, expired or revoked, or its user is disabled
--   'not permitted'   missing names the first task or folder that the caller lacks
--   'not found', 'system job', 'not creator', 'locked'
--   'changed'         the job's version is none of p_versions
-- Jobs are locked in the order of their ids, so that two calls cannot deadlock. Whatever adds to a history holds a lock on
-- its job until it commits, so a count under the lock is complete; the job itself knows the number of its runs.
-- Plans are generic and cached per connection: planning at each call takes longer than deleting. A generic plan knows
-- nothing of the arrays; with nothing but nested loops and index scans it looks up each element, where a count of a few
-- rows stops early.
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
SET enable_hashjoin = off
SET enable_mergejoin = off
SET plan_cache_mode = force_generic_plan
AS $$
#variable_conflict use_column
DECLARE
    callers uuid[];
    caller_names text[];
    lacks text[];
    jobs_locked boolean := false;
    wanted uuid[];
    outcomes text[];
    names text[];
    run_counts bigint[];
    histories uuid[];
    doomed uuid[];
    doomed_jobs uuid[];
    removed uuid[];
    runs_found bigint;
    rows_found bigint;
    budget bigint := p_bound;
    left_over boolean := false;
    one_history uuid;
    step record;
BEGIN
    LOOP
        -- Each token is looked up once, however many elements share it.
        WITH holders AS MATERIALIZED (
            SELECT t.token_hash, a.user_id, a.user_name, a.missing
            FROM (SELECT DISTINCT unnest(p_tokens) AS token_hash) t
            CROSS JOIN LATERAL auth.authorize(t.token_hash, p_tasks, p_folders, p_whole_tree) a
        )
        SELECT
            array_agg(o.user_id), array_agg(o.user_name), array_agg(o.missing),
            array_agg(o.job_id) FILTER (WHERE o.user_id IS NOT NULL AND o.missing IS NULL)
        INTO callers, caller_names, lacks, wanted
        FROM (
            SELECT h.user_id, h.user_name, h.missing, a.job_id
            FROM unnest(p_jobs, p_tokens) WITH ORDINALITY AS a (job_id, token_hash, place)
            LEFT JOIN holders h USING (token_hash)
            ORDER BY a.place
        ) o;

        -- After a wait for locks the callers are authorised again: rights may be gone by then.
        EXIT WHEN NOT p_together OR jobs_locked;
        PERFORM 1 FROM directory.jobs WHERE job_id = ANY (wanted) ORDER BY job_id FOR UPDATE;
        jobs_locked := true;
    END LOOP;

    -- A row that this statement locks is read as it is under the lock.
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
                WHEN a.lacks IS NOT NULL THEN 'not permitted'
                WHEN j.job_id IS NULL THEN 'not found'
                WHEN j.is_system THEN 'system job'
                WHEN j.created_by <> a.caller THEN 'not creator'
                WHEN NOT j.version = ANY (nullif(a.versions, '')::bigint[]) THEN 'changed'
                ELSE 'done'
            END AS outcome,
            j.job_name, j.run_count, j.history_id, j.job_id, a.remove
        FROM unnest(p_jobs, callers, lacks, p_remove, p_versions) WITH ORDINALITY
            AS a (job_id, caller, lacks, remove, versions, place)
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
        -- Some may exist, but be locked.
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
            SET history_id = gen_random_uuid(),
                run_count = 0,
                last_run_id = NULL,
                last_run_status = NULL,
                last_run_at = NULL
            WHERE job_id = ANY (doomed_jobs);
        END IF;

        rows_found := store.erase_at_once(doomed, runs_found, p_bound);
        IF rows_found <= p_bound THEN
            budget := p_bound - rows_found;
        ELSE
            INSERT INTO store.purges (history_id, job_id, job_name, requested_by)
            SELECT a.history_id, a.job_id, a.job_name, a.caller_name
            FROM unnest(histories, p_jobs, names, caller_names, outcomes)
                AS a (history_id, job_id, job_name, caller_name, outcome)
            WHERE a.outcome = 'done';
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
