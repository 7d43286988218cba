-- Revert ccs-jobstore:collection from pg
BEGIN;

DROP FUNCTION store.renew_lease;
DROP FUNCTION store.claim_runs;
ALTER TABLE store.job_runs
    DROP COLUMN messages_batch,
    DROP COLUMN data_batch,
    DROP COLUMN results_batch,
    DROP COLUMN messages_inherited,
    DROP COLUMN data_inherited,
    DROP COLUMN results_inherited;

COMMIT;
