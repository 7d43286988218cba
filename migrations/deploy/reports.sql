-- Deploy ccs-jobstore:reports to pg
-- requires: runs
-- What a collector reports of a run: messages, data (collected data) and results, each kind in batches numbered from 1. A
-- batch is stored in transactions of bounded size, and each records the progress: a batch that was interrupted can be sent
-- again, and no row is stored twice.
BEGIN;

-- The columns of a run that describe its batches of one kind. In PL/pgSQL: PostgreSQL 15 plans a function in SQL anew
-- in every statement that calls it without inlining it.
CREATE FUNCTION store.batches_of(
    p_run store.job_runs,
    p_kind text,
    OUT last_batch bigint,
    OUT inherited bigint,
    OUT opened store.open_batch
)
LANGUAGE plpgsql
IMMUTABLE
AS $$
BEGIN
    CASE p_kind
        WHEN 'messages' THEN
            last_batch := p_run.messages_batch;
            inherited := p_run.messages_inherited;
            opened := p_run.messages_open;
        WHEN 'data' THEN
            last_batch := p_run.data_batch;
            inherited := p_run.data_inherited;
            opened := p_run.data_open;
        WHEN 'results' THEN
            last_batch := p_run.results_batch;
            inherited := p_run.results_inherited;
            opened := p_run.results_open;
    END CASE;
END
$$;

-- Changes those columns: p_last is the last batch that is stored completely, p_opened what is stored of the next one.
-- p_rows rows were stored, or deleted if it is negative.
CREATE FUNCTION store.set_batches(
    p_history uuid,
    p_run uuid,
    p_kind text,
    p_last bigint,
    p_opened store.open_batch,
    p_rows bigint
)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    CASE p_kind
        WHEN 'messages' THEN
            UPDATE store.job_runs
            SET messages_batch = p_last, messages_open = p_opened, message_count = message_count + p_rows
            WHERE history_id = p_history AND run_id = p_run;
        WHEN 'data' THEN
            UPDATE store.job_runs
            SET data_batch = p_last, data_open = p_opened
            WHERE history_id = p_history AND run_id = p_run;
        WHEN 'results' THEN
            UPDATE store.job_runs
            SET results_batch = p_last, results_open = p_opened
            WHERE history_id = p_history AND run_id = p_run;
    END CASE;
END
$$;

-- Deletes at most p_bound rows of an incomplete batch that a collector which lost the run has left, from its end: the rest
-- of it has no gap, whenever this is interrupted. The caller has locked the run.
CREATE FUNCTION store.undo_batch(p_run store.job_runs, p_kind text, p_bound bigint)
RETURNS void
LANGUAGE plpgsql
SET enable_seqscan = off
AS $$
DECLARE
    batches CONSTANT record := store.batches_of(p_run, p_kind);
    opened store.open_batch := batches.opened;
    after_it CONSTANT bigint := opened.first_row + opened.row_count;
    step CONSTANT bigint := least(opened.row_count, p_bound);
    later bigint;
BEGIN
    EXECUTE format(
        'DELETE FROM store.%I WHERE history_id = $1 AND run_id = $2 AND row_number >= $3 AND row_number < $4',
        (SELECT table_name FROM store.tables() WHERE report_kind = p_kind)
    )
    USING p_run.history_id, p_run.run_id, after_it - step, after_it;
    IF p_kind = 'messages' THEN
        -- Later messages move up: the number of the next one is the count of messages.
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
    PERFORM store.set_batches(p_run.history_id, p_run.run_id, p_kind, batches.last_batch, opened, -step);
END
$$;

-- Locks a run for rows of a batch of p_kind, a report_kind of store.tables().
-- outcome:
--   'ready'         the batch is the next one; rows_stored of its rows are stored, next_row is the next row's number
--   'stored'        the batch is already stored, under this lease
--   'inherited'     a collector that had the run before stored the batch; expected is the next one
--   'out of order'  expected is the next one
--   'undoing'       a collector that lost the run left a part of the batch: at most p_bound of its rows were deleted.
--                   Commit and call again
--   'overdue'       the run had exceeded its time limit and was ended by this call. Commit
--   'not found', 'over' (status says how), 'lease lost': those of store.lock_run
-- Reporting does not extend the lease.
-- Overdue runs are ended here as well, because store.end_overdue_runs skips a locked run, and one that is uploaded to is
-- locked most of the time.
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
    batches record;
    opened store.open_batch;
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
        PERFORM store.end_overdue_run(job_id, run);
        outcome := 'overdue';
        RETURN;
    END IF;

    batches := store.batches_of(run, p_kind);
    opened := batches.opened;
    expected := batches.last_batch + 1;
    IF p_batch <> expected THEN
        outcome := CASE
            WHEN p_batch <= batches.inherited THEN 'inherited'
            WHEN p_batch < expected THEN 'stored'
            ELSE 'out of order'
        END;
        RETURN;
    END IF;
    IF opened.lease_id <> p_lease THEN
        PERFORM store.undo_batch(run, p_kind, p_bound);
        outcome := 'undoing';
        RETURN;
    END IF;

    EXECUTE format(
        'SELECT row_number + 1 FROM store.%I WHERE history_id = $1 AND run_id = $2 ORDER BY row_number DESC LIMIT 1',
        (SELECT table_name FROM store.tables() WHERE report_kind = p_kind)
    )
    INTO next_row
    USING run.history_id, p_run;
    next_row := coalesce(next_row, 0);
    rows_stored := coalesce(opened.row_count, 0);
    outcome := 'ready';
END
$$;

-- Records that p_rows rows of a batch were stored, from row number p_first on, in the transaction that has locked the run.
-- p_last: the batch is complete with them.
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
DECLARE
    run store.job_runs;
    opened store.open_batch;
BEGIN
    IF NOT p_last THEN
        SELECT * INTO run FROM store.job_runs WHERE history_id = p_history AND run_id = p_run;
        opened := (store.batches_of(run, p_kind)).opened;
        opened := ROW(p_lease, coalesce(opened.first_row, p_first), coalesce(opened.row_count, 0) + p_rows);
    END IF;
    PERFORM store.set_batches(
        p_history, p_run, p_kind, CASE WHEN p_last THEN p_batch ELSE p_batch - 1 END, opened, p_rows
    );
END
$$;

-- Completes a run for the collector that holds its lease. outcome is that of store.end_run, or
--   'unfinished'    this collector has begun a batch that is incomplete: kind and batch name it, rows_stored of its rows
--                   are stored. The run goes on
--   'undoing'       a collector that had the run before left a part of a batch, whose rest nobody will send: at most
--                   p_bound of its rows were deleted. Commit and call again
-- A completed run has only complete batches. One that fails or is aborted keeps everything: it shows the progress.
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
    batches record;
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

    FOR kind IN SELECT report_kind FROM store.tables() WHERE report_kind IS NOT NULL ORDER BY place DESC LOOP
        batches := store.batches_of(run, kind);
        opened := batches.opened;
        IF opened.lease_id = p_lease THEN
            batch := batches.last_batch + 1;
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

    PERFORM store.end_locked_run(
        locked.job_id, run, 'Completed', NULL, NULL, p_user, p_user_name, p_request
    );
    status := 'Completed';
    outcome := 'ended';
END
$$;

REVOKE EXECUTE
ON FUNCTION
    store.batches_of, store.set_batches, store.undo_batch, store.lock_batch, store.advance_batch, store.complete_run
FROM PUBLIC;
GRANT EXECUTE
ON FUNCTION
    store.batches_of, store.set_batches, store.undo_batch, store.lock_batch, store.advance_batch, store.complete_run
TO ccs_jobstore;

COMMIT;
