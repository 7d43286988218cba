-- Verify ccs-jobstore:job_definitions on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.unreachable_items(uuid[],uuid[],uuid): record STABLE
grants directory.unreachable_items(uuid[],uuid[],uuid): ccs_jobstore=EXECUTE
function directory.create_job(uuid,uuid,text,uuid,text,text,text,jsonb,uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): record VOLATILE
grants directory.create_job(uuid,uuid,text,uuid,text,text,text,jsonb,uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): ccs_jobstore=EXECUTE
function directory.update_job(uuid,uuid,text,uuid,bigint[],jsonb,text[],uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): record VOLATILE
grants directory.update_job(uuid,uuid,text,uuid,bigint[],jsonb,text[],uuid[],uuid[],timestamp with time zone,bigint,bigint,bigint,uuid): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
