-- Verify ccs-jobstore:job_definitions on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.unreachable_items(uuid[],uuid[],uuid): (p_assets uuid[], p_standards uuid[], p_user uuid, OUT missing_assets uuid[], OUT missing_standards uuid[], OUT closed_assets uuid[], OUT closed_standards uuid[]) record STABLE
grants directory.unreachable_items(uuid[],uuid[],uuid): ccs_jobstore=EXECUTE
function directory.create_job(uuid,uuid,text,uuid,text,text,text,jsonb,uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): (p_job uuid, p_user uuid, p_user_name text, p_request uuid, p_name text, p_description text, p_type text, p_configuration jsonb, p_assets uuid[], p_standards uuid[], p_next_run_at timestamp with time zone, p_time_limit_seconds bigint, p_keep_runs bigint, p_keep_days bigint, p_run uuid, OUT outcome text, OUT missing_assets uuid[], OUT missing_standards uuid[], OUT closed_assets uuid[], OUT closed_standards uuid[]) record VOLATILE
grants directory.create_job(uuid,uuid,text,uuid,text,text,text,jsonb,uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): ccs_jobstore=EXECUTE
function directory.update_job(uuid,uuid,text,uuid,bigint[],jsonb,text[],uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): (p_job uuid, p_user uuid, p_user_name text, p_request uuid, p_versions bigint[], p_changes jsonb, p_removed text[], p_assets uuid[], p_standards uuid[], p_next_run_at timestamp with time zone, p_time_limit_seconds bigint, p_keep_runs bigint, p_keep_days bigint, p_run uuid, OUT outcome text, OUT missing_assets uuid[], OUT missing_standards uuid[], OUT closed_assets uuid[], OUT closed_standards uuid[]) record VOLATILE
grants directory.update_job(uuid,uuid,text,uuid,bigint[],jsonb,text[],uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
