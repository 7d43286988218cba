-- Verify ccs-jobstore:upkeep on pg
BEGIN;

SELECT 1 / has_function_privilege(
    'ccs_jobstore',
    'directory.run_due_jobs(uuid[], timestamptz[], bigint[], timestamptz[], text[], uuid[])',
    'EXECUTE'
)::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.end_overdue_runs(bigint)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.release_lost_runs(bigint, bigint)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.erase_removed_runs(bigint)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.remove_expired_runs(bigint, bigint, double precision, bigint, bigint)', 'EXECUTE'
)::integer;
SELECT history_id, run_id, tables_done, row_position FROM store.run_purges WHERE false;
SELECT 1 / count(*) FROM store.retention_sweep;
SELECT 'audit.events_by_operation'::regclass, 'audit.events_by_job_name'::regclass, 'directory.jobs_retained'::regclass;

ROLLBACK;
