-- Verify ccs-jobstore:erasure_by_bitmap on pg
BEGIN;

SELECT 1 / ('enable_indexscan=off' = ANY (proconfig))::integer
FROM pg_proc
WHERE oid = 'store.erase(uuid, bigint)'::regprocedure;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.erase(uuid, bigint)', 'EXECUTE')::integer;

ROLLBACK;
