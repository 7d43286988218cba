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
-- The lease counts until another collector or nobody has the run, even if its time is over: that is for the ones who
-- claim runs to decide, and they change the run's row. Reporting does not prolong it.
-- The job's lock keeps a deletion away until the transaction ends, so that no row is left without its history. It is one
-- that uploads of the same run do not share: they wait for it in line, and a deletion has its place there. Were it shared,
-- each would hold it while it waits for the run's row, and with two of them a deletion would never find it free.
-- Heartbeats are not kept away. What passes over a locked job (the scheduler, retention) looks at it again later.
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
    job uuid;
    history uuid;
    run store.job_runs;
    opened store.open_batch;
    done bigint;
    inherited bigint;
    step bigint;
    later bigint;
    wanted_table CONSTANT text := CASE p_kind
        WHEN 'messages' THEN 'job_run_messages'
        WHEN 'data' THEN 'collected_data'
        WHEN 'results' THEN 'evaluation_results'
    END;
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
    lock_batch.job_id := job;
    lock_batch.history_id := history;
    lock_batch.status := run.status;
    IF run.status NOT IN ('Queued', 'Running') THEN
        outcome := 'over';
        RETURN;
    END IF;
    IF run.status = 'Queued' OR run.lease_id IS DISTINCT FROM p_lease THEN
        outcome := 'lease lost';
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
    CASE p_kind
        WHEN 'messages' THEN opened := run.messages_open;
        WHEN 'data' THEN opened := run.data_open;
        ELSE opened := run.results_open;
    END CASE;

    IF opened.lease_id <> p_lease THEN
        -- From its end, so that what is left of it is whole whenever this is broken off.
        step := least(opened.row_count, p_bound);
        EXECUTE format(
            'DELETE FROM store.%I WHERE history_id = $1 AND run_id = $2 AND row_number >= $3 AND row_number < $4',
            wanted_table
        )
        USING history, p_run, opened.first_row + opened.row_count - step, opened.first_row + opened.row_count;
        IF p_kind = 'messages' THEN
            -- What was said since then moves up: the number of the next message is the count of messages.
            FOR later IN
                SELECT row_number
                FROM store.job_run_messages m
                WHERE m.history_id = history
                    AND m.run_id = p_run
                    AND m.row_number >= opened.first_row + opened.row_count
                ORDER BY row_number
            LOOP
                UPDATE store.job_run_messages m
                SET row_number = later - step
                WHERE m.history_id = history AND m.run_id = p_run AND m.row_number = later;
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
        WHERE r.history_id = history AND r.run_id = p_run;
        outcome := 'undoing';
        RETURN;
    END IF;

    EXECUTE format(
        'SELECT row_number + 1 FROM store.%I WHERE history_id = $1 AND run_id = $2 ORDER BY row_number DESC LIMIT 1',
        wanted_table
    )
    INTO next_row
    USING history, p_run;
    next_row := coalesce(next_row, 0);
    rows_stored := coalesce(opened.row_count, 0);
    outcome := 'ready';
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

REVOKE EXECUTE ON FUNCTION store.lock_batch, store.advance_batch, store.opened_further FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.lock_batch, store.advance_batch, store.opened_further TO ccs_jobstore;

COMMIT;
