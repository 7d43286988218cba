-- Verify ccs-jobstore:bulk_load on pg
BEGIN;

SELECT messages_open, data_open, results_open FROM store.job_runs WHERE false;
SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.lock_batch(uuid, uuid, text, bigint, bigint)', 'EXECUTE'
)::integer;
SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.advance_batch(uuid, uuid, uuid, text, bigint, bigint, bigint, boolean)', 'EXECUTE'
)::integer;
SELECT 1 / has_function_privilege(
    'ccs_jobstore', 'store.complete_run(uuid, uuid, bigint, uuid, text, uuid)', 'EXECUTE'
)::integer;

ROLLBACK;
