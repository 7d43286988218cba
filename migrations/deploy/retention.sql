-- Deploy ccs-jobstore:retention to pg
-- requires: store
-- requires: jobs
-- requires: audit
-- Removal of runs that are no longer kept. Any number of servers may call these functions at once: one works, the others
-- return.
BEGIN;

-- Runs that retention has removed. Removal deletes the run's row in store.job_runs, which hides its messages, data and
-- results; those are erased from this list afterwards. Progress as in store.purges.
CREATE TABLE store.run_purges (
    history_id   uuid     NOT NULL,
    run_id       uuid     NOT NULL,
    tables_done  smallint NOT NULL DEFAULT 0,
    row_position bigint   NOT NULL DEFAULT -1,
    PRIMARY KEY (history_id, run_id)
);
COMMENT ON TABLE store.run_purges IS 'Bounded by the eraser: a row for each removed run that it has not erased yet';
GRANT SELECT, INSERT, UPDATE, DELETE ON store.run_purges TO ccs_jobstore;

-- The progress of the sweep through the jobs: one row for all servers, locked by the one at work.
CREATE TABLE store.retention_sweep (
    is_the_row      boolean     PRIMARY KEY DEFAULT true CHECK (is_the_row),
    began_at        timestamptz NOT NULL DEFAULT '-infinity',
    under_way       boolean     NOT NULL DEFAULT false,
    last_job        uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    -- The history in progress, and its newest run that has been removed.
    history_id      uuid,
    queued_position timestamptz NOT NULL DEFAULT '-infinity',
    run_position    uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    -- The last run on the list that was erased: index entries before it may be dead.
    erased_history  uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    erased_run      uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
COMMENT ON TABLE store.retention_sweep IS 'Bounded by its key: one row';
INSERT INTO store.retention_sweep DEFAULT VALUES;
GRANT SELECT, UPDATE ON store.retention_sweep TO ccs_jobstore;

-- Erases at most p_bound rows of the runs on the list; erased is NULL if there is nothing to erase.
-- The job's row is locked in share mode meanwhile: a deletion waits for this one step.
CREATE FUNCTION store.erase_removed_runs(p_bound bigint, OUT erased bigint)
LANGUAGE plpgsql
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    tables CONSTANT text[] := ARRAY(SELECT table_name FROM store.tables() WHERE row_key IS NOT NULL ORDER BY place);
    row_keys CONSTANT text[] := ARRAY(SELECT row_key FROM store.tables() WHERE row_key IS NOT NULL ORDER BY place);
    sweep store.retention_sweep;
    purge store.run_purges;
    runs uuid[];
    one_run uuid;
    rows_found bigint;
    step bigint;
    last_row bigint;
    one_table text;
    wrapped boolean := false;
BEGIN
    SELECT * INTO sweep FROM store.retention_sweep WHERE is_the_row FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;

    LOOP
        SELECT p.*
        INTO purge
        FROM store.run_purges p
        WHERE (p.history_id, p.run_id) > (sweep.erased_history, sweep.erased_run)
        ORDER BY p.history_id, p.run_id
        LIMIT 1;
        IF NOT FOUND THEN
            IF wrapped OR sweep.erased_history = '00000000-0000-0000-0000-000000000000' THEN
                RETURN;
            END IF;
            -- Once more from the beginning, for entries that were added or skipped there.
            wrapped := true;
            sweep.erased_history := '00000000-0000-0000-0000-000000000000';
            sweep.erased_run := '00000000-0000-0000-0000-000000000000';
            UPDATE store.retention_sweep
            SET erased_history = sweep.erased_history, erased_run = sweep.erased_run
            WHERE is_the_row;
            CONTINUE;
        END IF;

        PERFORM 1 FROM directory.jobs j WHERE j.history_id = purge.history_id FOR KEY SHARE SKIP LOCKED;
        EXIT WHEN FOUND;
        PERFORM 1 FROM directory.jobs j WHERE j.history_id = purge.history_id;
        IF NOT FOUND THEN
            -- The whole history was purged since, and the eraser takes care of it.
            DELETE FROM store.run_purges p
            WHERE p.history_id = purge.history_id
                AND p.run_id IN (
                    SELECT o.run_id FROM store.run_purges o WHERE o.history_id = purge.history_id LIMIT p_bound
                );
            erased := 0;
            RETURN;
        END IF;
        -- The job is locked: skip its other runs as well, until the next round.
        sweep.erased_history := purge.history_id;
        sweep.erased_run := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        UPDATE store.retention_sweep
        SET erased_history = sweep.erased_history, erased_run = sweep.erased_run
        WHERE is_the_row;
    END LOOP;

    erased := 0;
    -- As many runs as have at most p_bound rows together, but at least one.
    IF purge.tables_done = 0 AND purge.row_position = -1 THEN
        SELECT array_agg(l.run_id ORDER BY l.run_id)
        INTO runs
        FROM (
            SELECT p.run_id
            FROM store.run_purges p
            WHERE p.history_id = purge.history_id
                AND p.run_id >= purge.run_id
                AND p.tables_done = 0
                AND p.row_position = -1
            ORDER BY p.run_id
            LIMIT least(p_bound, 1024)
        ) l;
        LOOP
            rows_found := 0;
            FOREACH one_table IN ARRAY tables LOOP
                EXECUTE format(
                    'SELECT count(*) FROM (SELECT 1 FROM unnest($2) AS u (run) CROSS JOIN LATERAL '
                    '(SELECT 1 FROM store.%I WHERE history_id = $1 AND run_id = u.run LIMIT $3) f LIMIT $3) f',
                    one_table
                )
                INTO step
                USING purge.history_id, runs, p_bound + 1;
                rows_found := rows_found + step;
            END LOOP;
            EXIT WHEN rows_found <= p_bound OR array_length(runs, 1) = 1;
            runs := runs[1:array_length(runs, 1) / 2];
        END LOOP;
        IF rows_found <= p_bound THEN
            -- Run by run: for a join with the array PostgreSQL was seen to read the whole history for each run.
            FOREACH one_run IN ARRAY runs LOOP
                FOREACH one_table IN ARRAY tables LOOP
                    EXECUTE format('DELETE FROM store.%I WHERE history_id = $1 AND run_id = $2', one_table)
                    USING purge.history_id, one_run;
                END LOOP;
                DELETE FROM store.run_purges p WHERE p.history_id = purge.history_id AND p.run_id = one_run;
            END LOOP;
            erased := rows_found;
            UPDATE store.retention_sweep
            SET erased_history = purge.history_id, erased_run = runs[array_length(runs, 1)]
            WHERE is_the_row;
            RETURN;
        END IF;
    END IF;

    -- A large run is erased by key ranges, in several steps.
    WHILE purge.tables_done < array_length(tables, 1) AND erased < p_bound LOOP
        one_table := tables[purge.tables_done + 1];
        EXECUTE format(
            'SELECT %1$I FROM store.%2$I WHERE history_id = $1 AND run_id = $2 AND %1$I > $3 '
            'ORDER BY %1$I OFFSET $4 LIMIT 1',
            row_keys[purge.tables_done + 1], one_table
        )
        INTO last_row
        USING purge.history_id, purge.run_id, purge.row_position, p_bound - erased - 1;
        EXECUTE format(
            'DELETE FROM store.%2$I WHERE history_id = $1 AND run_id = $2 AND %1$I > $3 AND %1$I <= $4',
            row_keys[purge.tables_done + 1], one_table
        )
        USING purge.history_id, purge.run_id, purge.row_position, coalesce(last_row, 9223372036854775807);
        GET DIAGNOSTICS step = ROW_COUNT;
        erased := erased + step;
        IF last_row IS NULL THEN
            purge.tables_done := purge.tables_done + 1;
            purge.row_position := -1;
        ELSE
            purge.row_position := last_row;
        END IF;
    END LOOP;
    IF purge.tables_done = array_length(tables, 1) THEN
        DELETE FROM store.run_purges p WHERE p.history_id = purge.history_id AND p.run_id = purge.run_id;
        UPDATE store.retention_sweep
        SET erased_history = purge.history_id, erased_run = purge.run_id
        WHERE is_the_row;
    ELSE
        UPDATE store.run_purges p
        SET tables_done = purge.tables_done, row_position = purge.row_position
        WHERE p.history_id = purge.history_id AND p.run_id = purge.run_id;
    END IF;
END
$$;

-- One step of the sweep: looks at p_jobs jobs at most and removes p_bound runs at most. removed is NULL if there is
-- nothing to do now: another server is at work, or the sweep is over and the next one begins p_pause seconds after the
-- beginning of the last.
-- p_keep_runs, p_keep_days: for jobs without limits of their own; NULL for no limit.
-- Of the runs that are over, it removes those that are not among the newest keep_runs, and those that were queued more
-- than keep_days days ago, oldest first, so that the remaining history has no gaps. The newest one always stays, and so
-- does the newest Completed one: a collector that fails from some day on does not displace the last good evidence.
-- A job that is locked, or whose limits have changed since they were read, is left to the next sweep.
CREATE FUNCTION store.remove_expired_runs(
    p_keep_runs bigint,
    p_keep_days bigint,
    p_pause double precision,
    p_jobs bigint,
    p_bound bigint,
    OUT removed bigint
)
LANGUAGE plpgsql
-- Whatever a history is thought to have: newest and oldest runs come from the index in their order, and the removed ones
-- are found by their keys, without a look at the runs that stay.
SET enable_seqscan = off
SET enable_bitmapscan = off
SET enable_hashjoin = off
SET enable_mergejoin = off
SET jit = off
AS $$
DECLARE
    sweep store.retention_sweep;
    page uuid[];
    candidate record;
    newest_at timestamptz;
    newest_run uuid;
    edge_at timestamptz;
    edge_run uuid;
    older_at timestamptz;
    older_run uuid;
    completed_run uuid;
    step record;
BEGIN
    SELECT * INTO sweep FROM store.retention_sweep WHERE is_the_row FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    IF NOT sweep.under_way THEN
        IF sweep.began_at + p_pause * interval '1 second' > clock_timestamp() THEN
            RETURN;
        END IF;
        sweep.began_at := clock_timestamp();
        sweep.under_way := true;
        sweep.last_job := '00000000-0000-0000-0000-000000000000';
        sweep.history_id := NULL;
    END IF;

    removed := 0;
    IF p_keep_runs IS NULL AND p_keep_days IS NULL THEN
        SELECT array_agg(l.job_id ORDER BY l.job_id)
        INTO page
        FROM (
            SELECT j.job_id
            FROM directory.jobs j
            WHERE j.job_id > sweep.last_job AND (j.keep_runs IS NOT NULL OR j.keep_days IS NOT NULL)
            ORDER BY j.job_id
            LIMIT p_jobs
        ) l;
    ELSE
        SELECT array_agg(l.job_id ORDER BY l.job_id)
        INTO page
        FROM (
            SELECT j.job_id FROM directory.jobs j WHERE j.job_id > sweep.last_job ORDER BY j.job_id LIMIT p_jobs
        ) l;
    END IF;
    sweep.under_way := coalesce(array_length(page, 1), 0) = p_jobs;

    FOR candidate IN
        SELECT
            j.job_id, j.job_name, j.history_id, j.last_run_id,
            j.keep_runs AS own_keep_runs,
            j.keep_days AS own_keep_days,
            coalesce(j.keep_runs, p_keep_runs) AS keep_runs,
            -- Beyond the range of timestamps: no limit.
            CASE
                WHEN coalesce(j.keep_days, p_keep_days) <= 1000000
                THEN clock_timestamp() - coalesce(j.keep_days, p_keep_days) * interval '1 day'
            END AS keep_from
        FROM directory.jobs j
        WHERE j.job_id = ANY (page) AND j.run_count > 1
        ORDER BY j.job_id
    LOOP
        IF removed >= p_bound THEN
            -- This job and the following ones are left to the next step.
            sweep.under_way := true;
            EXIT;
        END IF;
        IF candidate.history_id IS DISTINCT FROM sweep.history_id THEN
            sweep.history_id := candidate.history_id;
            sweep.queued_position := '-infinity';
            sweep.run_position := '00000000-0000-0000-0000-000000000000';
        END IF;

        SELECT r.queued_at, r.run_id
        INTO newest_at, newest_run
        FROM store.job_runs r
        WHERE r.history_id = candidate.history_id AND r.status IN ('Completed', 'Failed', 'Aborted')
        ORDER BY r.queued_at DESC, r.run_id DESC
        LIMIT 1;
        CONTINUE WHEN NOT FOUND;

        -- The newest expired run: all older ones are expired, too.
        edge_at := NULL;
        edge_run := NULL;
        IF candidate.keep_runs IS NOT NULL THEN
            SELECT r.queued_at, r.run_id
            INTO edge_at, edge_run
            FROM store.job_runs r
            WHERE r.history_id = candidate.history_id AND r.status IN ('Completed', 'Failed', 'Aborted')
            ORDER BY r.queued_at DESC, r.run_id DESC
            OFFSET candidate.keep_runs
            LIMIT 1;
        END IF;
        IF candidate.keep_from IS NOT NULL THEN
            SELECT r.queued_at, r.run_id
            INTO older_at, older_run
            FROM store.job_runs r
            WHERE r.history_id = candidate.history_id
                AND r.status IN ('Completed', 'Failed', 'Aborted')
                AND r.queued_at < candidate.keep_from
                AND (r.queued_at, r.run_id) < (newest_at, newest_run)
            ORDER BY r.queued_at DESC, r.run_id DESC
            LIMIT 1;
            IF FOUND AND (edge_at IS NULL OR (older_at, older_run) > (edge_at, edge_run)) THEN
                edge_at := older_at;
                edge_run := older_run;
            END IF;
        END IF;

        IF edge_at IS NOT NULL THEN
            SELECT r.run_id
            INTO completed_run
            FROM store.job_runs r
            WHERE r.history_id = candidate.history_id AND r.status = 'Completed'
            ORDER BY r.queued_at DESC, r.run_id DESC
            LIMIT 1;
            IF edge_run = completed_run THEN
                -- It may be the only expired one for long, and would have its job locked in each sweep.
                SELECT r.queued_at, r.run_id
                INTO edge_at, edge_run
                FROM store.job_runs r
                WHERE r.history_id = candidate.history_id
                    AND r.status IN ('Completed', 'Failed', 'Aborted')
                    AND (r.queued_at, r.run_id) < (edge_at, edge_run)
                ORDER BY r.queued_at DESC, r.run_id DESC
                LIMIT 1;
            END IF;
        END IF;

        IF edge_at IS NOT NULL THEN
            PERFORM 1
            FROM directory.jobs j
            WHERE j.job_id = candidate.job_id
                AND j.history_id = candidate.history_id
                AND j.keep_runs IS NOT DISTINCT FROM candidate.own_keep_runs
                AND j.keep_days IS NOT DISTINCT FROM candidate.own_keep_days
            FOR NO KEY UPDATE SKIP LOCKED;
            IF FOUND THEN
                WITH expired AS (
                    SELECT r.run_id
                    FROM store.job_runs r
                    WHERE r.history_id = candidate.history_id
                        AND r.status IN ('Completed', 'Failed', 'Aborted')
                        AND (r.queued_at, r.run_id) > (sweep.queued_position, sweep.run_position)
                        AND (r.queued_at, r.run_id) <= (edge_at, edge_run)
                        AND r.run_id IS DISTINCT FROM candidate.last_run_id
                        AND r.run_id IS DISTINCT FROM completed_run
                    ORDER BY r.queued_at, r.run_id
                    LIMIT p_bound - removed
                    FOR UPDATE SKIP LOCKED
                ), gone AS (
                    DELETE FROM store.job_runs r
                    USING expired e
                    WHERE r.history_id = candidate.history_id AND r.run_id = e.run_id
                    RETURNING r.queued_at, r.run_id
                ), listed AS (
                    INSERT INTO store.run_purges (history_id, run_id)
                    SELECT candidate.history_id, g.run_id FROM gone g
                )
                SELECT count(*) OVER () AS runs, g.queued_at, g.run_id
                INTO step
                FROM gone g
                ORDER BY g.queued_at DESC, g.run_id DESC
                LIMIT 1;
                IF FOUND THEN
                    removed := removed + step.runs;
                    sweep.queued_position := step.queued_at;
                    sweep.run_position := step.run_id;
                    UPDATE directory.jobs j SET run_count = run_count - step.runs WHERE j.job_id = candidate.job_id;
                    INSERT INTO audit.events (user_name, operation, job_id, job_name, details)
                    VALUES (
                        'Retention', 'Remove Job Runs', candidate.job_id, candidate.job_name,
                        jsonb_build_object('Runs', step.runs, 'QueuedUntil', step.queued_at)
                    );
                    IF removed >= p_bound THEN
                        -- The job may have more expired runs.
                        sweep.under_way := true;
                        EXIT;
                    END IF;
                END IF;
            END IF;
        END IF;
        sweep.last_job := candidate.job_id;
    END LOOP;
    IF removed < p_bound AND page IS NOT NULL THEN
        sweep.last_job := page[array_length(page, 1)];
        sweep.history_id := NULL;
    END IF;

    UPDATE store.retention_sweep
    SET began_at = sweep.began_at,
        under_way = sweep.under_way,
        last_job = sweep.last_job,
        history_id = sweep.history_id,
        queued_position = sweep.queued_position,
        run_position = sweep.run_position
    WHERE is_the_row;
END
$$;

REVOKE EXECUTE ON FUNCTION store.erase_removed_runs, store.remove_expired_runs FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.erase_removed_runs, store.remove_expired_runs TO ccs_jobstore;

COMMIT;
