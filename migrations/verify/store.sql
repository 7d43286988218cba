-- Verify ccs-jobstore:store on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
grants schema store: ccs_jobstore=USAGE; ccs_jobstore_admin=USAGE
columns store.open_batch: lease_id uuid; first_row bigint; row_count bigint
columns store.job_runs: history_id uuid NOT NULL; run_id uuid NOT NULL; status text NOT NULL; triggered_by text NOT NULL; queued_at timestamp with time zone NOT NULL DEFAULT now(); started_at timestamp with time zone; ended_at timestamp with time zone; time_limit interval; ends_at timestamp with time zone; attempts integer NOT NULL DEFAULT 0; collector text; lease_id uuid; lease_expires_at timestamp with time zone; message_count bigint NOT NULL DEFAULT 0; messages_batch bigint NOT NULL DEFAULT 0; data_batch bigint NOT NULL DEFAULT 0; results_batch bigint NOT NULL DEFAULT 0; messages_inherited bigint NOT NULL DEFAULT 0; data_inherited bigint NOT NULL DEFAULT 0; results_inherited bigint NOT NULL DEFAULT 0; messages_open store.open_batch; data_open store.open_batch; results_open store.open_batch
indexes store.job_runs: INDEX job_runs_active USING btree (history_id) WHERE (status = ANY (ARRAY['Queued'::text, 'Running'::text]))
indexes store.job_runs: INDEX job_runs_by_run USING btree (run_id)
indexes store.job_runs: INDEX job_runs_completed USING btree (history_id, queued_at DESC, run_id DESC) WHERE (status = 'Completed'::text)
indexes store.job_runs: INDEX job_runs_ending USING btree (ends_at) WHERE ((ends_at IS NOT NULL) AND (status = ANY (ARRAY['Queued'::text, 'Running'::text])))
indexes store.job_runs: INDEX job_runs_leased USING btree (lease_expires_at) WHERE (status = 'Running'::text)
indexes store.job_runs: INDEX job_runs_newest USING btree (history_id, queued_at DESC, run_id DESC)
indexes store.job_runs: INDEX job_runs_queued USING btree (queued_at, run_id) WHERE (status = 'Queued'::text)
indexes store.job_runs: UNIQUE INDEX job_runs_pkey USING btree (history_id, run_id)
constraints store.job_runs: CHECK ((status = ANY (ARRAY['Queued'::text, 'Running'::text, 'Completed'::text, 'Failed'::text, 'Aborted'::text])))
grants store.job_runs: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=INSERT SELECT
columns store.job_run_messages: history_id uuid NOT NULL; run_id uuid NOT NULL; row_number bigint NOT NULL; logged_at timestamp with time zone NOT NULL DEFAULT now(); severity text NOT NULL; asset_id uuid; message text NOT NULL
indexes store.job_run_messages: UNIQUE INDEX job_run_messages_pkey USING btree (history_id, run_id, row_number)
grants store.job_run_messages: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=INSERT SELECT
columns store.collected_data: history_id uuid NOT NULL; run_id uuid NOT NULL; row_number bigint NOT NULL; asset_id uuid NOT NULL; collected_at timestamp with time zone NOT NULL DEFAULT now(); data jsonb NOT NULL
indexes store.collected_data: UNIQUE INDEX collected_data_pkey USING btree (history_id, run_id, row_number)
grants store.collected_data: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=INSERT SELECT
columns store.evaluation_results: history_id uuid NOT NULL; run_id uuid NOT NULL; row_number bigint NOT NULL; asset_id uuid NOT NULL; standard_id uuid NOT NULL; standard_version text; check_id text NOT NULL; outcome text NOT NULL; evidence text NOT NULL DEFAULT ''::text; evaluated_at timestamp with time zone NOT NULL DEFAULT now()
indexes store.evaluation_results: INDEX evaluation_results_latest USING btree (asset_id, standard_id, history_id, run_id)
indexes store.evaluation_results: UNIQUE INDEX evaluation_results_pkey USING btree (history_id, run_id, row_number)
constraints store.evaluation_results: CHECK ((outcome = ANY (ARRAY['Pass'::text, 'Fail'::text, 'Unknown'::text, 'NotApplicable'::text, 'Error'::text])))
grants store.evaluation_results: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=INSERT SELECT
function store.tables(): () TABLE(place integer, table_name text, row_key text, report_kind text) IMMUTABLE
grants store.tables(): ccs_jobstore=EXECUTE; ccs_jobstore_admin=EXECUTE
$$);

-- history_id comes first in the primary key of each of the store's tables, and the list names them all.
SELECT 1 / (count(*) = (SELECT count(*) FROM store.tables()))::integer
FROM store.tables() t
JOIN pg_index i ON i.indrelid = format('store.%I', t.table_name)::regclass AND i.indisprimary
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] AND a.attname = 'history_id';
SELECT 1 / (count(*) = 0)::integer
FROM pg_class c
WHERE c.relnamespace = 'store'::regnamespace
    AND c.relkind IN ('r', 'p')
    AND NOT c.relispartition
    AND c.relname NOT IN ('purges', 'run_purges', 'retention_sweep')
    AND NOT EXISTS (SELECT FROM store.tables() t WHERE t.table_name = c.relname);
-- No plan depends on what other histories or assets have.
SELECT 1 / (count(*) = 0)::integer
FROM store.tables() t
JOIN pg_attribute a ON a.attrelid = format('store.%I', t.table_name)::regclass
WHERE (a.attname IN ('history_id', 'asset_id', 'standard_id') OR a.attname = 'run_id' AND t.row_key IS NOT NULL)
    AND a.attstattarget IS DISTINCT FROM 0;
-- No foreign key begins or ends here.
SELECT 1 / (count(*) = 0)::integer
FROM pg_constraint c
JOIN pg_class r ON r.oid IN (c.conrelid, c.confrelid)
WHERE c.contype = 'f' AND r.relnamespace = 'store'::regnamespace;

ROLLBACK;
