-- Verify ccs-jobstore:store on pg
BEGIN;

SELECT history_id, run_id, status, triggered_by, queued_at, started_at, ended_at, message_count FROM store.job_runs WHERE false;
SELECT history_id, run_id, row_number, logged_at, severity, asset_id, message FROM store.job_run_messages WHERE false;
SELECT history_id, run_id, row_number, asset_id, collected_at, data FROM store.collected_data WHERE false;
SELECT history_id, run_id, row_number, asset_id, standard_id, check_id, outcome, evidence, evaluated_at
FROM store.evaluation_results WHERE false;
SELECT history_id, job_id, job_name, requested_by, requested_at, tables_done, run_position, row_position, rows_erased
FROM store.purges WHERE false;

-- history_id stands first in the primary key of each of these, and no foreign key leaves or enters the schema.
SELECT 1 / (count(*) = 5)::integer
FROM pg_index i
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
WHERE i.indisprimary
    AND a.attname = 'history_id'
    AND i.indrelid IN (
        'store.job_runs'::regclass, 'store.job_run_messages'::regclass, 'store.collected_data'::regclass,
        'store.evaluation_results'::regclass, 'store.purges'::regclass
    );
SELECT 1 / (count(*) = 0)::integer
FROM pg_constraint c
JOIN pg_namespace n ON n.oid = c.connamespace
WHERE c.contype = 'f' AND n.nspname = 'store';

ROLLBACK;
