-- Deploy ccs-jobstore:erasure_by_bitmap to pg
-- requires: upkeep
-- The eraser visits each page once for all of its rows. Only the plans are others; what is erased, and in which order, is
-- as before.
BEGIN;

-- Erases at most p_bound rows of a history that is on the work list, moving forward through its keys.
-- Starting again from the beginning would re-read the dead index entries that earlier steps left behind.
-- The caller's transaction holds the purge's row; finished means that the history is gone from the list, too.
-- Statistics must not talk the planner into reading a whole table for one history: no sequential scans here. Rows are
-- deleted by bitmap, which visits a page once for all of its rows and not once for each; where a step ends is looked up
-- in the index.
CREATE OR REPLACE FUNCTION store.erase(p_history uuid, p_bound bigint, OUT erased bigint, OUT finished boolean)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = on
SET enable_indexscan = off
AS $$
DECLARE
    -- Children first: while a run's row is there, so is the way to what it left behind.
    tables CONSTANT text[] := ARRAY['evaluation_results', 'collected_data', 'job_run_messages', 'job_runs'];
    purge store.purges;
    key_columns text;
    position_parameters text;
    beyond text;
    last_run uuid;
    last_row bigint;
    step bigint;
BEGIN
    erased := 0;
    SELECT * INTO purge FROM store.purges WHERE history_id = p_history FOR UPDATE;
    finished := NOT FOUND;
    WHILE NOT finished AND erased < p_bound LOOP
        IF tables[purge.tables_done + 1] = 'job_runs' THEN
            key_columns := 'run_id';
            position_parameters := '$2';
        ELSE
            key_columns := 'run_id, row_number';
            position_parameters := '$2, $3';
        END IF;
        -- Runs have no row number, so the first step must not pass over the least identifier there is.
        beyond := CASE WHEN key_columns = 'run_id' AND purge.row_position = -1 THEN '>=' ELSE '>' END;

        -- The last key of this step; none, if fewer rows are left than may be erased.
        PERFORM set_config('enable_indexscan', 'on', true);
        EXECUTE format(
            'SELECT run_id, %s FROM store.%I WHERE history_id = $1 AND (%s) %s (%s) ORDER BY %s OFFSET $4 LIMIT 1',
            CASE WHEN key_columns = 'run_id' THEN '0' ELSE 'row_number' END,
            tables[purge.tables_done + 1], key_columns, beyond, position_parameters, key_columns
        )
        INTO last_run, last_row
        USING p_history, purge.run_position, purge.row_position, p_bound - erased - 1;
        PERFORM set_config('enable_indexscan', 'off', true);

        IF last_run IS NULL THEN
            EXECUTE format(
                'DELETE FROM store.%I WHERE history_id = $1 AND (%s) %s (%s)',
                tables[purge.tables_done + 1], key_columns, beyond, position_parameters
            )
            USING p_history, purge.run_position, purge.row_position;
            GET DIAGNOSTICS step = ROW_COUNT;
            purge.tables_done := purge.tables_done + 1;
            purge.run_position := '00000000-0000-0000-0000-000000000000';
            purge.row_position := -1;
            finished := purge.tables_done = array_length(tables, 1);
        ELSE
            EXECUTE format(
                'DELETE FROM store.%I WHERE history_id = $1 AND (%s) %s (%s) AND (%s) <= (%s)',
                tables[purge.tables_done + 1], key_columns, beyond, position_parameters,
                key_columns, replace(replace(position_parameters, '$2', '$4'), '$3', '$5')
            )
            USING p_history, purge.run_position, purge.row_position, last_run, last_row;
            GET DIAGNOSTICS step = ROW_COUNT;
            purge.run_position := last_run;
            purge.row_position := last_row;
        END IF;
        erased := erased + step;
    END LOOP;

    IF finished THEN
        DELETE FROM store.purges WHERE history_id = p_history;
    ELSE
        UPDATE store.purges
        SET tables_done = purge.tables_done,
            run_position = purge.run_position,
            row_position = purge.row_position,
            rows_erased = rows_erased + erased
        WHERE history_id = p_history;
    END IF;
END
$$;

COMMIT;
