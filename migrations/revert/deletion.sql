-- Revert ccs-jobstore:deletion from pg
BEGIN;

DROP FUNCTION directory.delete_jobs;

COMMIT;
