-- Verify ccs-jobstore:deletion_by_token on pg
BEGIN;

SELECT 1 / has_function_privilege(
    'ccs_jobstore',
    'directory.delete_jobs(uuid[], bytea[], text[], uuid[], boolean, boolean[], uuid[], bigint, boolean, text[])',
    'EXECUTE'
)::integer;

ROLLBACK;
