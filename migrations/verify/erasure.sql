-- Verify ccs-jobstore:erasure on pg
BEGIN;

SELECT 1 / has_function_privilege('ccs_jobstore', 'store.erase(uuid, bigint)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.erase_next(bigint)', 'EXECUTE')::integer;

ROLLBACK;
