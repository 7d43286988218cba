-- Verify ccs-jobstore:jobs on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
columns directory.jobs: job_id uuid NOT NULL DEFAULT gen_random_uuid(); history_id uuid NOT NULL DEFAULT gen_random_uuid(); job_name text NOT NULL; job_description text NOT NULL DEFAULT ''::text; job_type text NOT NULL; is_system boolean NOT NULL DEFAULT false; created_by uuid; created_at timestamp with time zone NOT NULL DEFAULT now(); modified_at timestamp with time zone NOT NULL DEFAULT now(); version bigint NOT NULL DEFAULT 1; configuration jsonb; run_time_limit interval; keep_runs integer; keep_days integer; next_run_at timestamp with time zone; paused_run_at timestamp with time zone; run_count bigint NOT NULL DEFAULT 0; last_run_id uuid; last_run_status text; last_run_at timestamp with time zone; name_key text COLLATE "C" NOT NULL GENERATED DEFAULT directory.folded(job_name); type_key text COLLATE "C" NOT NULL GENERATED DEFAULT directory.folded(job_type)
indexes directory.jobs: INDEX jobs_by_creator USING btree (created_by)
indexes directory.jobs: INDEX jobs_by_text USING gin (name_key directory.gin_trgm_ops) WITH (gin_pending_list_limit='256')
indexes directory.jobs: INDEX jobs_due USING btree (next_run_at, job_id) WHERE (next_run_at IS NOT NULL)
indexes directory.jobs: INDEX jobs_of_the_system USING btree (name_key, job_id) WHERE is_system
indexes directory.jobs: INDEX jobs_retained USING btree (job_id) WHERE ((keep_runs IS NOT NULL) OR (keep_days IS NOT NULL))
indexes directory.jobs: INDEX jobs_searched_by_change USING btree (modified_at, job_id)
indexes directory.jobs: INDEX jobs_searched_by_creation USING btree (created_at, job_id)
indexes directory.jobs: INDEX jobs_searched_by_last_run USING btree (last_run_at, job_id) INCLUDE (last_run_status)
indexes directory.jobs: INDEX jobs_searched_by_name USING btree (name_key, job_id) INCLUDE (is_system, last_run_status)
indexes directory.jobs: INDEX jobs_searched_by_status USING btree (last_run_status, name_key, job_id)
indexes directory.jobs: INDEX jobs_searched_by_type USING btree (type_key, name_key, job_id)
indexes directory.jobs: UNIQUE INDEX jobs_by_name USING btree (directory.folded(job_name))
indexes directory.jobs: UNIQUE INDEX jobs_history_id_key USING btree (history_id)
indexes directory.jobs: UNIQUE INDEX jobs_pkey USING btree (job_id)
constraints directory.jobs: CHECK (((job_name <> ''::text) AND (length(job_name) <= 256)))
constraints directory.jobs: CHECK ((is_system = (created_by IS NULL)))
constraints directory.jobs: CHECK ((job_type <> ''::text))
constraints directory.jobs: CHECK ((keep_days >= 1))
constraints directory.jobs: CHECK ((keep_runs >= 1))
constraints directory.jobs: CHECK ((run_count >= 0))
constraints directory.jobs: CHECK ((run_time_limit > '00:00:00'::interval))
constraints directory.jobs: FOREIGN KEY (created_by) REFERENCES directory.users(user_id)
grants directory.jobs: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=INSERT SELECT UPDATE
$$);

ROLLBACK;
