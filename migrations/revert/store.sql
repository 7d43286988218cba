-- Revert ccs-jobstore:store from pg
BEGIN;

DROP SCHEMA store CASCADE;

COMMIT;
