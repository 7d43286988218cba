-- Deploy ccs-jobstore:upkeep to pg
-- requires: bulk_load
-- What happens because time passes: schedules, time limits, lost collectors, retention. And the audit trail's indexes.
-- Any number of servers call these functions at any time. The database's clock decides, and what one server has locked
-- the others pass over: nobody waits, so nobody waits in a circle, and jobs need not be locked in the order of their ids.
BEGIN;

-- Starts jobs whose time has come. The arrays run side by side; each job stands there once, as the caller has read it.
-- p_next: when it is due after that; NULL for never again.
-- p_faults: why its schedule cannot be followed, or an empty text. Such a job loses its date instead of being started.
-- p_runs: identifiers for the new runs.
-- outcome is 'started'; 'active' when the job has a run that is not over, and this occurrence is left out; 'postponed'
-- when it has such a run and this occurrence is its last: the job is due again after a minute; 'cleared' when it has lost
-- its date; 'passed over' when the job is no longer as it was read (another server was first, or somebody has
-- changed it) or is locked at the moment, in which case it stays due.
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

-- A run that lost its collector waits in the queue, and its time runs on.
DROP INDEX store.job_runs_ending;
CREATE INDEX job_runs_ending ON store.job_runs (ends_at)
    WHERE ends_at IS NOT NULL AND status IN ('Queued', 'Running');

-- Ends runs that have taken longer than their jobs allow, at most p_limit. One that is being uploaded to is passed over
-- while its rows are stored, and ended by the upload itself: store.lock_batch.
-- Statistics of a table whose runs are nearly all over must not make it be read as a whole: no sequential scans here.
-- Nor must the price that this sets on one make a query of a millisecond be compiled for a hundred.
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

-- Takes runs away from collectors whose lease has run out, at most p_limit. outcome is 'requeued', or 'failed' for a run
-- that has been claimed p_maximum_attempts times. A claim may take such a run by itself; whoever comes first does it.
-- A run whose rows are being stored at the moment is passed over: a collector that reports is not lost. It may keep the
-- run in this way only as long as its job allows.
-- The clock of a requeued run runs on: ends_at counts from its first claim.
CREATE FUNCTION store.release_lost_runs(p_maximum_attempts bigint, p_limit bigint)
RETURNS TABLE (run_id uuid, job_id uuid, outcome text)
LANGUAGE plpgsql
SET enable_seqscan = off
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

        told := format(
            'The collector %s was lost: its lease ended at %s.',
            coalesce(run.collector, 'of this run'),
            to_char(run.lease_expires_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        );
        IF run.attempts >= p_maximum_attempts THEN
            outcome := 'failed';
            PERFORM store.end_run(
                run.run_id, NULL, 'Failed', 'Error',
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

-- Retention. A run that is kept no longer leaves store.job_runs in one step, and with it everybody's sight: the way to
-- its messages, data and results leads through that row. They are erased from this list afterwards.
CREATE TABLE store.run_purges (
    history_id   uuid     NOT NULL,
    run_id       uuid     NOT NULL,
    tables_done  smallint NOT NULL DEFAULT 0,
    row_position bigint   NOT NULL DEFAULT -1,
    PRIMARY KEY (history_id, run_id)
);
COMMENT ON TABLE store.run_purges IS 'runs that retention has removed and whose rows in the other tables are not all erased';

-- How far the sweep through the jobs has come: one row, for all servers. Whoever has locked it is at work.
CREATE TABLE store.retention_sweep (
    is_the_row      boolean     PRIMARY KEY DEFAULT true CHECK (is_the_row),
    began_at        timestamptz NOT NULL DEFAULT '-infinity',
    under_way       boolean     NOT NULL DEFAULT false,
    last_job        uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    -- The history that is not finished yet, and its newest run that has been removed.
    history_id      uuid,
    queued_position timestamptz NOT NULL DEFAULT '-infinity',
    run_position    uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    -- The run on the list that was erased last: what is before it in the index may be dead and not worth re-reading.
    erased_history  uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    erased_run      uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'
);
INSERT INTO store.retention_sweep DEFAULT VALUES;

CREATE INDEX jobs_retained ON directory.jobs (job_id) WHERE keep_runs IS NOT NULL OR keep_days IS NOT NULL;

-- Erases rows of the runs on the list, at most p_bound; erased is NULL if there is nothing to erase.
-- The job's row is shared meanwhile: a deletion waits for this one step, and nothing else does.
CREATE FUNCTION store.erase_removed_runs(p_bound bigint, OUT erased bigint)
LANGUAGE plpgsql
SET enable_seqscan = off
SET jit = off
AS $$
DECLARE
    tables CONSTANT text[] := ARRAY['evaluation_results', 'collected_data', 'job_run_messages'];
    sweep store.retention_sweep;
    purge store.run_purges;
    runs uuid[];
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
            -- Once more from the beginning, for what was added or passed over there.
            wrapped := true;
            sweep.erased_history := '00000000-0000-0000-0000-000000000000';
            sweep.erased_run := '00000000-0000-0000-0000-000000000000';
            UPDATE store.retention_sweep
            SET erased_history = sweep.erased_history, erased_run = sweep.erased_run
            WHERE is_the_row;
            CONTINUE;
        END IF;

        PERFORM FROM directory.jobs j WHERE j.history_id = purge.history_id FOR KEY SHARE SKIP LOCKED;
        EXIT WHEN FOUND;
        PERFORM FROM directory.jobs j WHERE j.history_id = purge.history_id;
        IF NOT FOUND THEN
            -- The whole history was purged meanwhile, and is erased as such.
            DELETE FROM store.run_purges p
            WHERE p.history_id = purge.history_id
                AND p.run_id IN (
                    SELECT o.run_id FROM store.run_purges o WHERE o.history_id = purge.history_id LIMIT p_bound
                );
            erased := 0;
            RETURN;
        END IF;
        -- Somebody is just changing the job. Its other runs can wait for the next round, too.
        sweep.erased_history := purge.history_id;
        sweep.erased_run := 'ffffffff-ffff-ffff-ffff-ffffffffffff';
        UPDATE store.retention_sweep
        SET erased_history = sweep.erased_history, erased_run = sweep.erased_run
        WHERE is_the_row;
    END LOOP;

    erased := 0;
    -- As many runs at once as have no more than p_bound rows together, but at least one.
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
                    'SELECT count(*) FROM (SELECT FROM store.%I WHERE history_id = $1 AND run_id = ANY ($2) LIMIT $3) f',
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
            FOREACH one_table IN ARRAY tables LOOP
                EXECUTE format('DELETE FROM store.%I WHERE history_id = $1 AND run_id = ANY ($2)', one_table)
                USING purge.history_id, runs;
            END LOOP;
            erased := rows_found;
            DELETE FROM store.run_purges p WHERE p.history_id = purge.history_id AND p.run_id = ANY (runs);
            UPDATE store.retention_sweep
            SET erased_history = purge.history_id, erased_run = runs[array_length(runs, 1)]
            WHERE is_the_row;
            RETURN;
        END IF;
    END IF;

    -- A large run goes by key ranges, over several steps.
    WHILE purge.tables_done < array_length(tables, 1) AND erased < p_bound LOOP
        one_table := tables[purge.tables_done + 1];
        EXECUTE format(
            'SELECT row_number FROM store.%I WHERE history_id = $1 AND run_id = $2 AND row_number > $3 '
            'ORDER BY row_number OFFSET $4 LIMIT 1',
            one_table
        )
        INTO last_row
        USING purge.history_id, purge.run_id, purge.row_position, p_bound - erased - 1;
        EXECUTE format(
            'DELETE FROM store.%I WHERE history_id = $1 AND run_id = $2 AND row_number > $3 AND row_number <= $4',
            one_table
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

-- One step of the sweep that removes runs which are kept no longer: looks at p_jobs jobs at most and removes p_bound
-- runs at most. removed is NULL if there is nothing to do now: another server is at it, or the sweep is over and the next
-- one begins p_pause seconds after the beginning of the last.
-- p_keep_runs, p_keep_days: for jobs without such a number of their own; NULL for no limit.
--
-- Of the runs that are over, those are removed that are not among the newest keep_runs, and those that were queued more
-- than keep_days days ago. The newest of them always stays, so that a job does not lose its last result by its age.
-- The oldest go first: what is there at any moment is a history without gaps.
-- A job that somebody else has locked, or whose own numbers have changed since they were read, is left to the next sweep.
CREATE FUNCTION store.remove_expired_runs(
    p_keep_runs bigint,
    p_keep_days bigint,
    p_pause double precision,
    p_jobs bigint,
    p_bound bigint,
    OUT removed bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off
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
            -- Further back than a calendar goes is for ever.
            CASE
                WHEN coalesce(j.keep_days, p_keep_days) <= 1000000
                THEN clock_timestamp() - coalesce(j.keep_days, p_keep_days) * interval '1 day'
            END AS keep_from
        FROM directory.jobs j
        WHERE j.job_id = ANY (page) AND j.run_count > 1
        ORDER BY j.job_id
    LOOP
        IF removed >= p_bound THEN
            -- This one and those after it are for the next step.
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

        -- The newest run that has to go; all that are older have to go as well.
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
            PERFORM
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
                        -- There may be more of this job.
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

REVOKE EXECUTE
ON FUNCTION
    directory.run_due_jobs, store.end_overdue_runs, store.release_lost_runs, store.erase_removed_runs,
    store.remove_expired_runs
FROM PUBLIC;
GRANT EXECUTE
ON FUNCTION
    directory.run_due_jobs, store.end_overdue_runs, store.release_lost_runs, store.erase_removed_runs,
    store.remove_expired_runs
TO ccs_jobstore;
GRANT SELECT, INSERT, UPDATE, DELETE ON store.run_purges TO ccs_jobstore;
GRANT SELECT, UPDATE ON store.retention_sweep TO ccs_jobstore;

-- The audit trail is read newest first, and by what an administrator asks for: each question has an index that gives the
-- answer in that order, so that a page of it costs the same however long the trail is. Names, because events outlive the
-- users and jobs that they tell about. A BRIN finds a range of time, but not its newest rows in order.
DROP INDEX audit.events_by_time;
DROP INDEX audit.events_by_job;
DROP INDEX audit.events_by_user;
CREATE INDEX events_by_time ON audit.events (occurred_at, event_id);
CREATE INDEX events_by_job ON audit.events (job_id, occurred_at, event_id);
CREATE INDEX events_by_job_name ON audit.events (lower(job_name), occurred_at, event_id);
CREATE INDEX events_by_user ON audit.events (lower(user_name), occurred_at, event_id);
CREATE INDEX events_by_operation ON audit.events (lower(operation), occurred_at, event_id);

COMMIT;
