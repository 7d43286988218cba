-- Revert ccs-jobstore:reports from pg
BEGIN;

DROP FUNCTION store.complete_run;
DROP FUNCTION store.advance_batch;
DROP FUNCTION store.lock_batch;
DROP FUNCTION store.undo_batch;
DROP FUNCTION store.set_batches;
DROP FUNCTION store.batches_of;

COMMIT;
