-- Verify ccs-jobstore:job_life on pg
BEGIN;

SELECT version, last_run_id, run_time_limit, keep_runs, keep_days FROM directory.jobs WHERE false;
SELECT time_limit, ends_at, attempts, collector, lease_id, lease_expires_at FROM store.job_runs WHERE false;
SELECT standard_version FROM store.evaluation_results WHERE false;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.start_run(uuid, uuid, text, uuid, uuid)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.end_run(uuid, uuid, text, text, text, uuid, text, uuid)', 'EXECUTE'
)::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.end_overdue_run(uuid, interval)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', oid, 'EXECUTE')::integer
FROM pg_proc
WHERE oid IN ('directory.create_job'::regproc, 'directory.update_job'::regproc, 'directory.unreachable_items'::regproc);

ROLLBACK;
