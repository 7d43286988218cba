-- Revert ccs-jobstore:schedules from pg
BEGIN;

DROP FUNCTION directory.run_due_jobs;

COMMIT;
