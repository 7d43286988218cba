-- Verify ccs-jobstore:runs on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function store.start_run(uuid,uuid,text,uuid,uuid): record VOLATILE
grants store.start_run(uuid,uuid,text,uuid,uuid): ccs_jobstore=EXECUTE
function store.end_run(uuid,uuid,text,text,text,uuid,text,uuid): record VOLATILE
grants store.end_run(uuid,uuid,text,text,text,uuid,text,uuid): ccs_jobstore=EXECUTE
function store.end_overdue_run(uuid,interval): void VOLATILE
grants store.end_overdue_run(uuid,interval): ccs_jobstore=EXECUTE
function store.end_overdue_runs(bigint): TABLE(run_id uuid, job_id uuid) VOLATILE enable_seqscan=off jit=off
grants store.end_overdue_runs(bigint): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
