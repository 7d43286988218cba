-- Deploy ccs-jobstore:jobs to pg
-- requires: directory
-- A job points to its history by history_id alone: a new history_id is an empty history.
-- Lock order: a transaction that changes a job and its run locks the job first. Transactions that lock several jobs lock
-- them in the order of job_id, or skip locked ones.
BEGIN;

CREATE TABLE directory.jobs (
    job_id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    history_id      uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    job_name        text        NOT NULL CHECK (job_name <> '' AND length(job_name) <= 256),
    job_description text        NOT NULL DEFAULT '',
    job_type        text        NOT NULL CHECK (job_type <> ''),
    is_system       boolean     NOT NULL DEFAULT false,
    created_by      uuid        REFERENCES directory.users,
    created_at      timestamptz NOT NULL DEFAULT now(),
    modified_at     timestamptz NOT NULL DEFAULT now(),
    version         bigint      NOT NULL DEFAULT 1,
    configuration   jsonb,
    run_time_limit  interval    CHECK (run_time_limit > interval '0'),
    keep_runs       integer     CHECK (keep_runs >= 1),
    keep_days       integer     CHECK (keep_days >= 1),
    next_run_at     timestamptz,
    paused_run_at   timestamptz,
    run_count       bigint      NOT NULL DEFAULT 0 CHECK (run_count >= 0),
    last_run_id     uuid,
    last_run_status text,
    last_run_at     timestamptz,
    name_key        text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.folded(job_name)) STORED,
    type_key        text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.folded(job_type)) STORED,
    CHECK (is_system = (created_by IS NULL))
);
COMMENT ON TABLE directory.jobs IS 'Bounded by the users with the task Manage jobs, who create jobs and delete their own';
COMMENT ON COLUMN directory.jobs.version IS 'counts the changes of the definition; runs do not change it';
COMMENT ON COLUMN directory.jobs.keep_runs IS 'NULL: the server''s setting applies';
COMMENT ON COLUMN directory.jobs.keep_days IS 'NULL: the server''s setting applies';
COMMENT ON COLUMN directory.jobs.paused_run_at IS 'next_run_at when it came while the creator was disabled; NULL otherwise';
COMMENT ON COLUMN directory.jobs.run_count IS 'rows of store.job_runs in the present history; changed in the transaction that adds or removes them';
COMMENT ON COLUMN directory.jobs.last_run_id IS 'the run that last_run_status and last_run_at describe';

CREATE UNIQUE INDEX jobs_by_name ON directory.jobs (directory.folded(job_name));
CREATE INDEX jobs_by_creator ON directory.jobs (created_by);
-- In the order in which due jobs are read, so that a page of them never needs a sort.
CREATE INDEX jobs_due ON directory.jobs (next_run_at, job_id) WHERE next_run_at IS NOT NULL;
CREATE INDEX jobs_retained ON directory.jobs (job_id) WHERE keep_runs IS NOT NULL OR keep_days IS NOT NULL;

-- Searches: see inventory.
CREATE INDEX jobs_searched_by_name ON directory.jobs (name_key, job_id) INCLUDE (is_system, last_run_status);
CREATE INDEX jobs_searched_by_type ON directory.jobs (type_key, name_key, job_id);
CREATE INDEX jobs_searched_by_status ON directory.jobs (last_run_status, name_key, job_id);
CREATE INDEX jobs_searched_by_creation ON directory.jobs (created_at, job_id);
CREATE INDEX jobs_searched_by_change ON directory.jobs (modified_at, job_id);
-- "What failed since yesterday" is the most frequent search.
CREATE INDEX jobs_searched_by_last_run ON directory.jobs (last_run_at, job_id) INCLUDE (last_run_status);
-- System jobs are few. The others are nearly all jobs: a search for them uses jobs_searched_by_name.
CREATE INDEX jobs_of_the_system ON directory.jobs (name_key, job_id) WHERE is_system;
-- Each run updates its job's row. New entries of a GIN index go to a pending list, which every search reads as a whole;
-- this is its greatest size, in kB.
CREATE INDEX jobs_by_text ON directory.jobs USING gin (name_key directory.gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);

GRANT SELECT, INSERT, UPDATE, DELETE ON directory.jobs TO ccs_jobstore;
GRANT SELECT, INSERT, UPDATE ON directory.jobs TO ccs_jobstore_admin;

COMMIT;
