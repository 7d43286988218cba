-- Deploy ccs-jobstore:bulk_load to pg
-- requires: collection
-- What a collector reports of a run: messages, collected data, results, each kind in batches numbered from 1. A batch
-- is stored in transactions of bounded size, and each notes how far it has come, so that a batch which was broken off
-- can be sent again and no row is stored twice.
BEGIN;

-- A batch of which some rows are stored: from the one numbered first_row on, row_count of them without a gap.
CREATE TYPE store.open_batch AS (
    lease_id  uuid,
    first_row bigint,
    row_count bigint
);

ALTER TABLE store.job_runs
    ADD COLUMN messages_open store.open_batch,
    ADD COLUMN data_open     store.open_batch,
    ADD COLUMN results_open  store.open_batch;
COMMENT ON COLUMN store.job_runs.messages_open IS 'how much of the next batch is stored; NULL for nothing';

-- Locks a run for the collector that has it. outcome is 'locked', 'not found', 'over' (run.status says how) or
-- 'lease lost'.
-- The lease counts until another collector or nobody has the run, even if its time is over: that is for the ones who
-- claim runs to decide, and they change the run's row. Reporting does not prolong it.
-- The job's lock keeps a deletion away until the transaction ends, so that no row is left without its history. It is
-- one that uploads of the same run do not share: they wait for it in line, and a deletion has its place there. Were it
-- shared, each would hold it while it waits for the run's row, and with two of them a deletion would never find it free.
-- Heartbeats are not kept away. What passes over a locked job (the scheduler, retention) looks at it again later.
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
    FROM store.job_runs r
    JOIN directory.jobs j USING (history_id)
    WHERE r.run_id = p_run;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- The job may have lost this history while it was waited for.
    PERFORM FROM directory.jobs j WHERE j.job_id = job AND j.history_id = history FOR NO KEY UPDATE;
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
        WHEN run.status = 'Queued' OR run.lease_id IS DISTINCT FROM p_lease THEN 'lease lost'
        ELSE 'locked'
    END;
END
$$;

CREATE FUNCTION store.open_batch_of(p_run store.job_runs, p_kind text)
RETURNS store.open_batch
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT CASE p_kind
        WHEN 'messages' THEN (p_run).messages_open
        WHEN 'data' THEN (p_run).data_open
        WHEN 'results' THEN (p_run).results_open
    END
$$;

-- Deletes what a collector that lost the run has left of a batch that is not whole, at most p_bound rows, from its end:
-- what is left of it is whole whenever this is broken off. The caller has locked the run.
CREATE FUNCTION store.undo_batch(p_run store.job_runs, p_kind text, p_bound bigint)
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    opened store.open_batch := store.open_batch_of(p_run, p_kind);
    after_it CONSTANT bigint := opened.first_row + opened.row_count;
    step CONSTANT bigint := least(opened.row_count, p_bound);
    later bigint;
BEGIN
    EXECUTE format(
        'DELETE FROM store.%I WHERE history_id = $1 AND run_id = $2 AND row_number >= $3 AND row_number < $4',
        CASE p_kind
            WHEN 'messages' THEN 'job_run_messages'
            WHEN 'data' THEN 'collected_data'
            WHEN 'results' THEN 'evaluation_results'
        END
    )
    USING p_run.history_id, p_run.run_id, after_it - step, after_it;
    IF p_kind = 'messages' THEN
        -- What was said since then moves up: the number of the next message is the count of messages.
        FOR later IN
            SELECT m.row_number
            FROM store.job_run_messages m
            WHERE m.history_id = p_run.history_id
                AND m.run_id = p_run.run_id
                AND m.row_number >= after_it
            ORDER BY m.row_number
        LOOP
            UPDATE store.job_run_messages m
            SET row_number = later - step
            WHERE m.history_id = p_run.history_id AND m.run_id = p_run.run_id AND m.row_number = later;
        END LOOP;
    END IF;
    opened.row_count := opened.row_count - step;
    IF opened.row_count = 0 THEN
        opened := NULL;
    END IF;
    UPDATE store.job_runs r
    SET message_count = r.message_count - CASE p_kind WHEN 'messages' THEN step ELSE 0 END,
        messages_open = CASE p_kind WHEN 'messages' THEN opened ELSE r.messages_open END,
        data_open = CASE p_kind WHEN 'data' THEN opened ELSE r.data_open END,
        results_open = CASE p_kind WHEN 'results' THEN opened ELSE r.results_open END
    WHERE r.history_id = p_run.history_id AND r.run_id = p_run.run_id;
END
$$;

-- Locks a run for rows of a batch and says how the batch stands. p_kind is 'messages', 'data' or 'results'.
-- outcome:
--   'ready'         the batch is the next one; rows_stored of its rows are stored, and next_row is the next row's number
--   'stored'        the batch is stored already, under this lease
--   'inherited'     the batch was stored by a collector that had the run before; expected names the one that is due
--   'out of order'  another batch is due, which expected names
--   'undoing'       a collector that lost the run left part of the batch: at most p_bound of its rows were deleted.
--                   Commit and call again
--   'overdue'       the run had taken longer than its job allows, and was ended by this call. Commit
--   'not found', 'over' (status says how), 'lease lost'
-- An overdue run is ended here as well as by those who look for such runs: they pass over a row that is locked, and the
-- row of a run that is uploaded to is locked most of the time.
CREATE FUNCTION store.lock_batch(
    p_run uuid,
    p_lease uuid,
    p_kind text,
    p_batch bigint,
    p_bound bigint,
    OUT outcome text,
    OUT status text,
    OUT expected bigint,
    OUT job_id uuid,
    OUT history_id uuid,
    OUT next_row bigint,
    OUT rows_stored bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
#variable_conflict use_column
DECLARE
    locked record;
    run store.job_runs;
    opened store.open_batch;
    done bigint;
    inherited bigint;
BEGIN
    SELECT * INTO locked FROM store.lock_run(p_run, p_lease);
    run := locked.run;
    outcome := locked.outcome;
    job_id := locked.job_id;
    history_id := run.history_id;
    status := run.status;
    IF outcome <> 'locked' THEN
        RETURN;
    END IF;
    IF run.ends_at <= clock_timestamp() THEN
        PERFORM store.end_overdue_run(p_run, run.time_limit);
        outcome := 'overdue';
        RETURN;
    END IF;

    done := CASE p_kind WHEN 'messages' THEN run.messages_batch WHEN 'data' THEN run.data_batch ELSE run.results_batch END;
    inherited := CASE p_kind
        WHEN 'messages' THEN run.messages_inherited
        WHEN 'data' THEN run.data_inherited
        ELSE run.results_inherited
    END;
    expected := done + 1;
    IF p_batch <> expected THEN
        outcome := CASE
            WHEN p_batch <= inherited THEN 'inherited'
            WHEN p_batch <= done THEN 'stored'
            ELSE 'out of order'
        END;
        RETURN;
    END IF;
    opened := store.open_batch_of(run, p_kind);
    IF opened.lease_id <> p_lease THEN
        PERFORM store.undo_batch(run, p_kind, p_bound);
        outcome := 'undoing';
        RETURN;
    END IF;

    EXECUTE format(
        'SELECT row_number + 1 FROM store.%I WHERE history_id = $1 AND run_id = $2 ORDER BY row_number DESC LIMIT 1',
        CASE p_kind
            WHEN 'messages' THEN 'job_run_messages'
            WHEN 'data' THEN 'collected_data'
            WHEN 'results' THEN 'evaluation_results'
        END
    )
    INTO next_row
    USING run.history_id, p_run;
    next_row := coalesce(next_row, 0);
    rows_stored := coalesce(opened.row_count, 0);
    outcome := 'ready';
END
$$;

-- Completes a run for the collector that has it. outcome is that of store.end_run, or
--   'unfinished'    a batch that this collector has begun is not whole: kind and batch name it, and rows_stored of its
--                   rows are stored. The run goes on
--   'undoing'       a collector that had the run before left part of a batch, of which nobody will send the rest: at
--                   most p_bound of its rows were deleted. Commit and call again
-- So what a completed run shows is what collectors have sent to its end. One that fails or is aborted keeps what there
-- is: it shows how far the work came.
CREATE FUNCTION store.complete_run(
    p_run uuid,
    p_lease uuid,
    p_bound bigint,
    p_user uuid,
    p_user_name text,
    p_request uuid,
    OUT outcome text,
    OUT status text,
    OUT lease uuid,
    OUT kind text,
    OUT batch bigint,
    OUT rows_stored bigint
)
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    locked record;
    run store.job_runs;
    opened store.open_batch;
    left_over text;
BEGIN
    SELECT * INTO locked FROM store.lock_run(p_run, p_lease);
    run := locked.run;
    outcome := locked.outcome;
    status := run.status;
    lease := run.lease_id;
    IF outcome <> 'locked' THEN
        RETURN;
    END IF;

    FOREACH kind IN ARRAY ARRAY['messages', 'data', 'results'] LOOP
        opened := store.open_batch_of(run, kind);
        IF opened.lease_id = p_lease THEN
            batch := 1 + CASE kind
                WHEN 'messages' THEN run.messages_batch
                WHEN 'data' THEN run.data_batch
                ELSE run.results_batch
            END;
            rows_stored := opened.row_count;
            outcome := 'unfinished';
            RETURN;
        END IF;
        IF opened.lease_id IS NOT NULL THEN
            left_over := kind;
        END IF;
    END LOOP;
    kind := NULL;
    IF left_over IS NOT NULL THEN
        PERFORM store.undo_batch(run, left_over, p_bound);
        outcome := 'undoing';
        RETURN;
    END IF;

    SELECT e.outcome, e.status, e.lease
    INTO outcome, status, lease
    FROM store.end_run(p_run, p_lease, 'Completed', NULL, NULL, p_user, p_user_name, p_request) e;
END
$$;

-- Notes that p_rows rows of a batch were stored, the first of them numbered p_first, in the transaction that has locked
-- the run. p_last: the batch is whole with them.
CREATE FUNCTION store.advance_batch(
    p_history uuid,
    p_run uuid,
    p_lease uuid,
    p_kind text,
    p_batch bigint,
    p_first bigint,
    p_rows bigint,
    p_last boolean
)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    CASE p_kind
        WHEN 'messages' THEN
            UPDATE store.job_runs
            SET message_count = message_count + p_rows,
                messages_batch = CASE WHEN p_last THEN p_batch ELSE messages_batch END,
                messages_open = store.opened_further(messages_open, p_lease, p_first, p_rows, p_last)
            WHERE history_id = p_history AND run_id = p_run;
        WHEN 'data' THEN
            UPDATE store.job_runs
            SET data_batch = CASE WHEN p_last THEN p_batch ELSE data_batch END,
                data_open = store.opened_further(data_open, p_lease, p_first, p_rows, p_last)
            WHERE history_id = p_history AND run_id = p_run;
        WHEN 'results' THEN
            UPDATE store.job_runs
            SET results_batch = CASE WHEN p_last THEN p_batch ELSE results_batch END,
                results_open = store.opened_further(results_open, p_lease, p_first, p_rows, p_last)
            WHERE history_id = p_history AND run_id = p_run;
    END CASE;
END
$$;

CREATE FUNCTION store.opened_further(
    p_opened store.open_batch,
    p_lease uuid,
    p_first bigint,
    p_rows bigint,
    p_last boolean
)
RETURNS store.open_batch
LANGUAGE sql
IMMUTABLE
AS $$
    SELECT CASE
        WHEN p_last THEN NULL
        ELSE ROW(p_lease, coalesce((p_opened).first_row, p_first), coalesce((p_opened).row_count, 0) + p_rows)::store.open_batch
    END
$$;

REVOKE EXECUTE
ON FUNCTION
    store.lock_run, store.open_batch_of, store.undo_batch, store.lock_batch, store.advance_batch, store.opened_further,
    store.complete_run
FROM PUBLIC;
GRANT EXECUTE
ON FUNCTION
    store.lock_run, store.open_batch_of, store.undo_batch, store.lock_batch, store.advance_batch, store.opened_further,
    store.complete_run
TO ccs_jobstore;

COMMIT;
