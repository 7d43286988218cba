-- Verify ccs-jobstore:collection on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function store.lost_collector(store.job_runs): (p_run store.job_runs) text STABLE
grants store.lost_collector(store.job_runs): ccs_jobstore=EXECUTE
function store.claim_runs(bigint[],text[],bigint[],bigint): (p_counts bigint[], p_collectors text[], p_lease_seconds bigint[], p_maximum_attempts bigint) TABLE(claimant bigint, run_id uuid, job_id uuid, job_name text, job_type text, configuration text, lease_id uuid, lease_expires_at timestamp with time zone, attempt integer, queued_at timestamp with time zone, started_at timestamp with time zone, ends_at timestamp with time zone, messages_batch bigint, data_batch bigint, results_batch bigint) VOLATILE enable_seqscan=off enable_bitmapscan=off enable_hashjoin=off enable_mergejoin=off
grants store.claim_runs(bigint[],text[],bigint[],bigint): ccs_jobstore=EXECUTE
function store.renew_lease(uuid,uuid,bigint): (p_run uuid, p_lease uuid, p_lease_seconds bigint, OUT outcome text, OUT status text, OUT expires_at timestamp with time zone) record VOLATILE
grants store.renew_lease(uuid,uuid,bigint): ccs_jobstore=EXECUTE
function store.release_lost_runs(bigint,bigint): (p_maximum_attempts bigint, p_limit bigint) TABLE(run_id uuid, job_id uuid, outcome text) VOLATILE enable_seqscan=off enable_bitmapscan=off enable_hashjoin=off enable_mergejoin=off jit=off
grants store.release_lost_runs(bigint,bigint): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
