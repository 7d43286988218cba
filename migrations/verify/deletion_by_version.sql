-- Verify ccs-jobstore:deletion_by_version on pg
BEGIN;

SELECT 1 / has_function_privilege(
    'ccs_jobstore',
    'directory.delete_jobs(uuid[], uuid[], text[], boolean[], uuid[], bigint, boolean, text[])',
    'EXECUTE'
)::integer;

ROLLBACK;
