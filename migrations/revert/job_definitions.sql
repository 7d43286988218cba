-- Revert ccs-jobstore:job_definitions from pg
BEGIN;

DROP FUNCTION directory.update_job;
DROP FUNCTION directory.create_job;
DROP FUNCTION directory.unreachable_items;

COMMIT;
