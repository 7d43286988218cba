-- Revert ccs-jobstore:bulk_load from pg
BEGIN;

DROP FUNCTION store.advance_batch;
DROP FUNCTION store.opened_further;
DROP FUNCTION store.lock_batch;
ALTER TABLE store.job_runs
    DROP COLUMN messages_open,
    DROP COLUMN data_open,
    DROP COLUMN results_open;
DROP TYPE store.open_batch;

COMMIT;
