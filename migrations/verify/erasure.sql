-- Verify ccs-jobstore:erasure on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
columns store.purges: history_id uuid NOT NULL; job_id uuid NOT NULL; job_name text NOT NULL; requested_by text NOT NULL; requested_at timestamp with time zone NOT NULL DEFAULT now(); tables_done smallint NOT NULL DEFAULT 0; run_position uuid NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000'::uuid; row_position bigint NOT NULL DEFAULT '-1'::integer; rows_erased bigint NOT NULL DEFAULT 0
indexes store.purges: INDEX purges_oldest USING btree (requested_at)
indexes store.purges: UNIQUE INDEX purges_pkey USING btree (history_id)
grants store.purges: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=INSERT SELECT
function store.erase(uuid,bigint): (p_history uuid, p_bound bigint, OUT erased bigint, OUT finished boolean) record VOLATILE enable_seqscan=off enable_bitmapscan=on enable_indexscan=off
grants store.erase(uuid,bigint): ccs_jobstore=EXECUTE
function store.erase_next(bigint): (p_bound bigint, OUT history_id uuid, OUT erased bigint, OUT finished boolean, OUT total bigint, OUT requested_at timestamp with time zone) record VOLATILE
grants store.erase_next(bigint): ccs_jobstore=EXECUTE
function store.erase_at_once(uuid[],bigint,bigint): (p_histories uuid[], p_runs bigint, p_bound bigint) bigint VOLATILE
grants store.erase_at_once(uuid[],bigint,bigint): ccs_jobstore=EXECUTE
$$);

-- It has a statement of its own for each of the store's tables.
SELECT 1 / bool_and(strpos(p.prosrc, 'DELETE FROM store.' || t.table_name) > 0)::integer
FROM pg_proc p
CROSS JOIN store.tables() t
WHERE p.oid = 'store.erase_at_once'::regproc;

ROLLBACK;
