-- Verify ccs-jobstore:reports on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function store.lock_run(uuid,uuid): record VOLATILE
grants store.lock_run(uuid,uuid): ccs_jobstore=EXECUTE
function store.batches_of(store.job_runs,text): record IMMUTABLE
grants store.batches_of(store.job_runs,text): ccs_jobstore=EXECUTE
function store.set_batches(uuid,uuid,text,bigint,store.open_batch,bigint): void VOLATILE
grants store.set_batches(uuid,uuid,text,bigint,store.open_batch,bigint): ccs_jobstore=EXECUTE
function store.undo_batch(store.job_runs,text,bigint): void VOLATILE enable_seqscan=off
grants store.undo_batch(store.job_runs,text,bigint): ccs_jobstore=EXECUTE
function store.lock_batch(uuid,uuid,text,bigint,bigint): record VOLATILE enable_seqscan=off
grants store.lock_batch(uuid,uuid,text,bigint,bigint): ccs_jobstore=EXECUTE
function store.advance_batch(uuid,uuid,uuid,text,bigint,bigint,bigint,boolean): void VOLATILE
grants store.advance_batch(uuid,uuid,uuid,text,bigint,bigint,bigint,boolean): ccs_jobstore=EXECUTE
function store.complete_run(uuid,uuid,bigint,uuid,text,uuid): record VOLATILE enable_seqscan=off
grants store.complete_run(uuid,uuid,bigint,uuid,text,uuid): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
