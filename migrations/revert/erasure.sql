-- Revert ccs-jobstore:erasure from pg
BEGIN;

DROP FUNCTION store.erase_at_once;
DROP FUNCTION store.erase_next;
DROP FUNCTION store.erase;
DROP TABLE store.purges;

COMMIT;
