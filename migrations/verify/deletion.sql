-- Verify ccs-jobstore:deletion on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.delete_jobs(uuid[],bytea[],text[],uuid[],boolean,boolean[],uuid[],bigint,boolean,text[]): (p_jobs uuid[], p_tokens bytea[], p_tasks text[], p_folders uuid[], p_whole_tree boolean, p_remove boolean[], p_requests uuid[], p_bound bigint, p_together boolean, p_versions text[] DEFAULT NULL::text[]) TABLE(outcome text, user_name text, missing text, job_name text, runs bigint, rows_left boolean, rows_erased bigint) VOLATILE enable_seqscan=off enable_bitmapscan=off enable_hashjoin=off enable_mergejoin=off plan_cache_mode=force_generic_plan
grants directory.delete_jobs(uuid[],bytea[],text[],uuid[],boolean,boolean[],uuid[],bigint,boolean,text[]): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
