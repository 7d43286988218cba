-- Verify ccs-jobstore:deletion on pg
BEGIN;

SELECT 1 / has_function_privilege('ccs_jobstore', 'directory.delete_jobs'::regproc::oid, 'EXECUTE')::integer;

ROLLBACK;
