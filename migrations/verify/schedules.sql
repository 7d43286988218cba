-- Verify ccs-jobstore:schedules on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.run_due_jobs(uuid[],timestamp with time zone[],bigint[],timestamp with time zone[],text[],uuid[]): (p_jobs uuid[], p_due timestamp with time zone[], p_versions bigint[], p_next timestamp with time zone[], p_faults text[], p_runs uuid[]) TABLE(job_id uuid, outcome text) VOLATILE
grants directory.run_due_jobs(uuid[],timestamp with time zone[],bigint[],timestamp with time zone[],text[],uuid[]): ccs_jobstore=EXECUTE
function directory.resume_schedules(): () trigger VOLATILE
$$);

SELECT 1 / count(*)
FROM pg_trigger
WHERE tgrelid = 'directory.users'::regclass AND tgname = 'user_enabled' AND tgenabled = 'O';

ROLLBACK;
