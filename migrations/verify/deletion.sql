-- Verify ccs-jobstore:deletion on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.delete_jobs(uuid[],bytea[],text[],uuid[],boolean,boolean[],uuid[],bigint,boolean,text[]): TABLE(outcome text, user_name text, missing text, job_name text, runs bigint, rows_left boolean, rows_erased bigint) VOLATILE enable_seqscan=off enable_bitmapscan=off plan_cache_mode=force_generic_plan
grants directory.delete_jobs(uuid[],bytea[],text[],uuid[],boolean,boolean[],uuid[],bigint,boolean,text[]): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
