-- Revert ccs-jobstore:release from pg
BEGIN;

DROP FUNCTION directory.schema_release;

COMMIT;
