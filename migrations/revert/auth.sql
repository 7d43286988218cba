-- Revert ccs-jobstore:auth from pg
BEGIN;

DROP SCHEMA auth CASCADE;

COMMIT;
