-- Verify ccs-jobstore:schedules on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.run_due_jobs(uuid[],timestamp with time zone[],bigint[],timestamp with time zone[],text[],uuid[]): TABLE(job_id uuid, outcome text) VOLATILE
grants directory.run_due_jobs(uuid[],timestamp with time zone[],bigint[],timestamp with time zone[],text[],uuid[]): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
