-- Revert ccs-jobstore:directory from pg
BEGIN;

DROP SCHEMA directory CASCADE;

COMMIT;
