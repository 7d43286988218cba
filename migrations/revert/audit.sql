-- Revert ccs-jobstore:audit from pg
BEGIN;

DROP SCHEMA audit CASCADE;

COMMIT;
