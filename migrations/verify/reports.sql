-- Verify ccs-jobstore:reports on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function store.batches_of(store.job_runs,text): (p_run store.job_runs, p_kind text, OUT last_batch bigint, OUT inherited bigint, OUT opened store.open_batch) record IMMUTABLE
grants store.batches_of(store.job_runs,text): ccs_jobstore=EXECUTE
function store.set_batches(uuid,uuid,text,bigint,store.open_batch,bigint): (p_history uuid, p_run uuid, p_kind text, p_last bigint, p_opened store.open_batch, p_rows bigint) void VOLATILE
grants store.set_batches(uuid,uuid,text,bigint,store.open_batch,bigint): ccs_jobstore=EXECUTE
function store.undo_batch(store.job_runs,text,bigint): (p_run store.job_runs, p_kind text, p_bound bigint) void VOLATILE enable_seqscan=off
grants store.undo_batch(store.job_runs,text,bigint): ccs_jobstore=EXECUTE
function store.lock_batch(uuid,uuid,text,bigint,bigint): (p_run uuid, p_lease uuid, p_kind text, p_batch bigint, p_bound bigint, OUT outcome text, OUT status text, OUT expected bigint, OUT job_id uuid, OUT history_id uuid, OUT next_row bigint, OUT rows_stored bigint) record VOLATILE enable_seqscan=off
grants store.lock_batch(uuid,uuid,text,bigint,bigint): ccs_jobstore=EXECUTE
function store.advance_batch(uuid,uuid,uuid,text,bigint,bigint,bigint,boolean): (p_history uuid, p_run uuid, p_lease uuid, p_kind text, p_batch bigint, p_first bigint, p_rows bigint, p_last boolean) void VOLATILE
grants store.advance_batch(uuid,uuid,uuid,text,bigint,bigint,bigint,boolean): ccs_jobstore=EXECUTE
function store.complete_run(uuid,uuid,bigint,uuid,text,uuid): (p_run uuid, p_lease uuid, p_bound bigint, p_user uuid, p_user_name text, p_request uuid, OUT outcome text, OUT status text, OUT lease uuid, OUT kind text, OUT batch bigint, OUT rows_stored bigint) record VOLATILE enable_seqscan=off
grants store.complete_run(uuid,uuid,bigint,uuid,text,uuid): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
