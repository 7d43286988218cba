-- Revert ccs-jobstore:bulk_load from pg
BEGIN;

DROP FUNCTION store.advance_batch;
DROP FUNCTION store.opened_further;
DROP FUNCTION store.complete_run;
DROP FUNCTION store.lock_batch;
DROP FUNCTION store.undo_batch;
DROP FUNCTION store.open_batch_of;
DROP FUNCTION store.lock_run;
ALTER TABLE store.job_runs
    DROP COLUMN messages_open,
    DROP COLUMN data_open,
    DROP COLUMN results_open;
DROP TYPE store.open_batch;

COMMIT;
