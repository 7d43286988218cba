-- Verify ccs-jobstore:retention on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
columns store.run_purges: history_id uuid NOT NULL; run_id uuid NOT NULL; tables_done smallint NOT NULL DEFAULT 0; row_position bigint NOT NULL DEFAULT '-1'::integer
indexes store.run_purges: UNIQUE INDEX run_purges_pkey USING btree (history_id, run_id)
grants store.run_purges: ccs_jobstore=DELETE INSERT SELECT UPDATE
columns store.retention_sweep: is_the_row boolean NOT NULL DEFAULT true; began_at timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone; under_way boolean NOT NULL DEFAULT false; last_job uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid; history_id uuid; queued_position timestamp with time zone NOT NULL DEFAULT '-infinity'::timestamp with time zone; run_position uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid; erased_history uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid; erased_run uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid
indexes store.retention_sweep: UNIQUE INDEX retention_sweep_pkey USING btree (is_the_row)
constraints store.retention_sweep: CHECK (is_the_row)
grants store.retention_sweep: ccs_jobstore=SELECT UPDATE
function store.erase_removed_runs(bigint): (p_bound bigint, OUT erased bigint) bigint VOLATILE enable_seqscan=off jit=off
grants store.erase_removed_runs(bigint): ccs_jobstore=EXECUTE
function store.remove_expired_runs(bigint,bigint,double precision,bigint,bigint): (p_keep_runs bigint, p_keep_days bigint, p_pause double precision, p_jobs bigint, p_bound bigint, OUT removed bigint) bigint VOLATILE enable_seqscan=off enable_bitmapscan=off enable_hashjoin=off enable_mergejoin=off jit=off
grants store.remove_expired_runs(bigint,bigint,double precision,bigint,bigint): ccs_jobstore=EXECUTE
$$);

SELECT 1 / count(*)
FROM store.retention_sweep;

ROLLBACK;
