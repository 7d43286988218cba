-- Revert ccs-jobstore:erasure from pg
BEGIN;

DROP FUNCTION store.erase_next;
DROP FUNCTION store.erase;

COMMIT;
