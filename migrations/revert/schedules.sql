-- Revert ccs-jobstore:schedules from pg
BEGIN;

DROP TRIGGER user_enabled ON directory.users;
DROP FUNCTION directory.resume_schedules;
DROP FUNCTION directory.run_due_jobs;

COMMIT;
