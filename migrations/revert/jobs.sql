-- Revert ccs-jobstore:jobs from pg
BEGIN;

DROP TABLE directory.jobs;

COMMIT;
