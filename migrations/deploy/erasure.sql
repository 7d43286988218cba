-- Deploy ccs-jobstore:erasure to pg
-- requires: store
-- Histories that no job points to any more, and their step-by-step erasure.
BEGIN;

-- The eraser's work list. A history is erased table by table, in the order of store.tables(): tables_done of them are
-- finished, and of the next one everything up to the position is erased.
CREATE TABLE store.purges (
    history_id   uuid        PRIMARY KEY,
    job_id       uuid        NOT NULL,
    job_name     text        NOT NULL,
    requested_by text        NOT NULL,
    requested_at timestamptz NOT NULL DEFAULT now(),
    tables_done  smallint    NOT NULL DEFAULT 0,
    run_position uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    row_position bigint      NOT NULL DEFAULT -1,
    rows_erased  bigint      NOT NULL DEFAULT 0
);
COMMENT ON TABLE store.purges IS 'Bounded by the eraser: a row for each deleted history that it has not erased yet';
CREATE INDEX purges_oldest ON store.purges (requested_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON store.purges TO ccs_jobstore;
GRANT SELECT, INSERT ON store.purges TO ccs_jobstore_admin;

-- Erases at most p_bound rows of a history on the work list, forward through its keys: starting from the beginning each
-- time would re-read the dead index entries of earlier steps.
-- finished: the history is erased and off the list. The caller's transaction holds the purge's row.
-- The end of a step is looked up in the index; the rows are deleted by a bitmap scan, which visits each page once.
CREATE FUNCTION store.erase(p_history uuid, p_bound bigint, OUT erased bigint, OUT finished boolean)
LANGUAGE plpgsql
SET enable_seqscan = off
SET enable_bitmapscan = on
SET enable_indexscan = off
AS $$
DECLARE
    purge store.purges;
    part record;
    row_keys text;
    row_positions text;
    beyond text;
    last_run uuid;
    last_row bigint;
    step bigint;
BEGIN
    erased := 0;
    SELECT * INTO purge FROM store.purges WHERE history_id = p_history FOR UPDATE;
    finished := NOT FOUND;
    WHILE NOT finished AND erased < p_bound LOOP
        SELECT t.table_name, t.row_key, (SELECT max(place) FROM store.tables()) AS last_place
        INTO part
        FROM store.tables() t
        WHERE t.place = purge.tables_done + 1;
        row_keys := concat_ws(', ', 'run_id', quote_ident(part.row_key));
        row_positions := CASE WHEN part.row_key IS NULL THEN '($%s)' ELSE '($%s, $%s)' END;
        -- Without a row key the first step must include the least run identifier.
        beyond := format(
            '(%s) %s %s', row_keys, CASE WHEN part.row_key IS NULL AND purge.row_position = -1 THEN '>=' ELSE '>' END,
            format(row_positions, 2, 3)
        );

        -- The last key of this step; none if at most the bound is left.
        PERFORM set_config('enable_indexscan', 'on', true);
        EXECUTE format(
            'SELECT run_id, %s FROM store.%I WHERE history_id = $1 AND %s ORDER BY %s OFFSET $4 LIMIT 1',
            coalesce(quote_ident(part.row_key), '0'), part.table_name, beyond, row_keys
        )
        INTO last_run, last_row
        USING p_history, purge.run_position, purge.row_position, p_bound - erased - 1;
        PERFORM set_config('enable_indexscan', 'off', true);

        EXECUTE format(
            'DELETE FROM store.%I WHERE history_id = $1 AND %s%s', part.table_name, beyond,
            CASE
                WHEN last_run IS NOT NULL THEN format(' AND (%s) <= %s', row_keys, format(row_positions, 4, 5))
                ELSE ''
            END
        )
        USING p_history, purge.run_position, purge.row_position, last_run, last_row;
        GET DIAGNOSTICS step = ROW_COUNT;
        erased := erased + step;
        IF last_run IS NULL THEN
            purge.tables_done := purge.tables_done + 1;
            purge.run_position := '00000000-0000-0000-0000-000000000000';
            purge.row_position := -1;
            finished := purge.tables_done >= part.last_place;
        ELSE
            purge.run_position := last_run;
            purge.row_position := last_row;
        END IF;
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

-- One step of the eraser: the oldest history that no other server is working on; NULLs if there is none.
CREATE FUNCTION store.erase_next(
    p_bound bigint,
    OUT history_id uuid,
    OUT erased bigint,
    OUT finished boolean,
    OUT total bigint,
    OUT requested_at timestamptz
)
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT p.history_id, p.rows_erased, p.requested_at
    INTO erase_next.history_id, total, erase_next.requested_at
    FROM store.purges p
    ORDER BY p.requested_at
    FOR UPDATE SKIP LOCKED
    LIMIT 1;
    IF FOUND THEN
        SELECT e.erased, e.finished
        INTO erase_next.erased, erase_next.finished
        FROM store.erase(erase_next.history_id, p_bound) e;
        total := total + erase_next.erased;
    END IF;
END
$$;

-- Erases histories in one step, unless they have more than p_bound rows together: then nothing is erased. p_runs is the
-- number of their runs, which the jobs know. Returns the number of rows; if it exceeds p_bound, nothing was erased.
-- For delete_jobs, whose plan settings apply. One static statement for each of store.tables(): dynamic ones are planned at
-- each call, which takes longer than the deletion.
-- History by history: `= ANY (p_histories)` would visit every hash partition in a generic plan. Whatever share of a table
-- PostgreSQL takes one history for, the order of the primary key and a range of it can only be had from its index: an
-- equality alone was planned as a scan of an index of all other histories, where one has everything.
CREATE FUNCTION store.erase_at_once(p_histories uuid[], p_runs bigint, p_bound bigint)
RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    results bigint;
    data bigint;
    messages bigint;
    total bigint;
BEGIN
    SELECT
        (
            SELECT count(*)
            FROM (
                SELECT 1
                FROM unnest(p_histories) AS h (id)
                CROSS JOIN LATERAL (
                    SELECT 1
                    FROM store.evaluation_results e
                    WHERE e.history_id = h.id
                    ORDER BY e.history_id, e.run_id, e.row_number
                    LIMIT p_bound + 1
                ) e
                LIMIT p_bound + 1
            ) r
        ),
        (
            SELECT count(*)
            FROM (
                SELECT 1
                FROM unnest(p_histories) AS h (id)
                CROSS JOIN LATERAL (
                    SELECT 1
                    FROM store.collected_data d
                    WHERE d.history_id = h.id
                    ORDER BY d.history_id, d.run_id, d.row_number
                    LIMIT p_bound + 1
                ) d
                LIMIT p_bound + 1
            ) r
        ),
        (
            SELECT count(*)
            FROM (
                SELECT 1
                FROM unnest(p_histories) AS h (id)
                CROSS JOIN LATERAL (
                    SELECT 1
                    FROM store.job_run_messages m
                    WHERE m.history_id = h.id
                    ORDER BY m.history_id, m.run_id, m.row_number
                    LIMIT p_bound + 1
                ) m
                LIMIT p_bound + 1
            ) r
        )
    INTO results, data, messages;
    total := results + data + messages + p_runs;
    IF total > p_bound THEN
        RETURN total;
    END IF;

    IF results > 0 THEN
        DELETE FROM store.evaluation_results e
        USING unnest(p_histories) AS h (id)
        WHERE e.history_id = h.id AND e.history_id BETWEEN h.id AND h.id;
    END IF;
    IF data > 0 THEN
        DELETE FROM store.collected_data d
        USING unnest(p_histories) AS h (id)
        WHERE d.history_id = h.id AND d.history_id BETWEEN h.id AND h.id;
    END IF;
    IF messages > 0 THEN
        DELETE FROM store.job_run_messages m
        USING unnest(p_histories) AS h (id)
        WHERE m.history_id = h.id AND m.history_id BETWEEN h.id AND h.id;
    END IF;
    DELETE FROM store.job_runs r
    USING unnest(p_histories) AS h (id)
    WHERE r.history_id = h.id AND r.history_id BETWEEN h.id AND h.id;
    RETURN total;
END
$$;

REVOKE EXECUTE ON FUNCTION store.erase, store.erase_next, store.erase_at_once FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.erase, store.erase_next, store.erase_at_once TO ccs_jobstore;

COMMIT;
