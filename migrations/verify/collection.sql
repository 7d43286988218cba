-- Verify ccs-jobstore:collection on pg
BEGIN;

SELECT messages_batch, data_batch, results_batch, messages_inherited, data_inherited, results_inherited
FROM store.job_runs
WHERE false;
SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.claim_runs(bigint[], text[], bigint[], bigint)', 'EXECUTE'
)::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'store.renew_lease(uuid, uuid, bigint)', 'EXECUTE')::integer;

ROLLBACK;
