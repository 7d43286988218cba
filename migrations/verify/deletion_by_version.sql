-- Verify ccs-jobstore:deletion_by_version on pg
BEGIN;

-- Whatever its parameters: a later change has given it others.
SELECT 1 / has_function_privilege('ccs_jobstore', 'directory.delete_jobs'::regproc::oid, 'EXECUTE')::integer;

ROLLBACK;
