-- Verify ccs-jobstore:runs on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function store.start_run(uuid,uuid,text,uuid,uuid): (p_job uuid, p_run uuid, p_triggered_by text, p_user uuid, p_request uuid, OUT outcome text, OUT active_run uuid, OUT job_name text) record VOLATILE
grants store.start_run(uuid,uuid,text,uuid,uuid): ccs_jobstore=EXECUTE; ccs_jobstore_admin=EXECUTE
function store.lock_run(uuid,uuid): (p_run uuid, p_lease uuid, OUT outcome text, OUT job_id uuid, OUT run store.job_runs) record VOLATILE
grants store.lock_run(uuid,uuid): ccs_jobstore=EXECUTE
function store.end_locked_run(uuid,store.job_runs,text,text,text,uuid,text,uuid): (p_job uuid, p_run store.job_runs, p_status text, p_severity text, p_message text, p_user uuid, p_user_name text, p_request uuid) void VOLATILE
grants store.end_locked_run(uuid,store.job_runs,text,text,text,uuid,text,uuid): ccs_jobstore=EXECUTE
function store.end_run(uuid,uuid,text,text,text,uuid,text,uuid): (p_run uuid, p_lease uuid, p_status text, p_severity text, p_message text, p_user uuid, p_user_name text, p_request uuid, OUT outcome text, OUT status text, OUT lease uuid) record VOLATILE
grants store.end_run(uuid,uuid,text,text,text,uuid,text,uuid): ccs_jobstore=EXECUTE
function store.end_overdue_run(uuid,store.job_runs): (p_job uuid, p_run store.job_runs) void VOLATILE
grants store.end_overdue_run(uuid,store.job_runs): ccs_jobstore=EXECUTE
function store.end_overdue_runs(bigint): (p_limit bigint) TABLE(run_id uuid, job_id uuid) VOLATILE enable_seqscan=off enable_bitmapscan=off enable_hashjoin=off enable_mergejoin=off jit=off
grants store.end_overdue_runs(bigint): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
