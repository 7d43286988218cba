-- Verify ccs-jobstore:collection on pg
BEGIN;

SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.claim_runs(bigint[], text[], bigint[], bigint)', 'EXECUTE'
)::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.renew_lease(uuid, uuid, bigint)', 'EXECUTE')::integer;

ROLLBACK;
