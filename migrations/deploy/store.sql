-- Deploy ccs-jobstore:store to pg
-- requires: roles
-- Everything that runs leave behind. history_id comes first in every primary key, and there are no foreign keys: a
-- history is detached when its job gets another history_id, and is erased by key ranges. With history_id in every unique
-- key the tables can be hash-partitioned or distributed by it as they are.
BEGIN;

CREATE SCHEMA store;
GRANT USAGE ON SCHEMA store TO ccs_jobstore, ccs_jobstore_admin;

-- A batch of a report of which only a part is stored: row_count rows without a gap, from row_number first_row on, sent
-- under the lease.
CREATE TYPE store.open_batch AS (
    lease_id  uuid,
    first_row bigint,
    row_count bigint
);

CREATE TABLE store.job_runs (
    history_id         uuid        NOT NULL,
    run_id             uuid        NOT NULL,
    status             text        NOT NULL CHECK (status IN ('Queued', 'Running', 'Completed', 'Failed', 'Aborted')),
    triggered_by       text        NOT NULL,
    queued_at          timestamptz NOT NULL DEFAULT now(),
    started_at         timestamptz,
    ended_at           timestamptz,
    time_limit         interval,
    ends_at            timestamptz,
    attempts           integer     NOT NULL DEFAULT 0,
    collector          text,
    lease_id           uuid,
    lease_expires_at   timestamptz,
    message_count      bigint      NOT NULL DEFAULT 0,
    messages_batch     bigint      NOT NULL DEFAULT 0,
    data_batch         bigint      NOT NULL DEFAULT 0,
    results_batch      bigint      NOT NULL DEFAULT 0,
    messages_inherited bigint      NOT NULL DEFAULT 0,
    data_inherited     bigint      NOT NULL DEFAULT 0,
    results_inherited  bigint      NOT NULL DEFAULT 0,
    messages_open      store.open_batch,
    data_open          store.open_batch,
    results_open       store.open_batch,
    PRIMARY KEY (history_id, run_id)
);
COMMENT ON TABLE store.job_runs IS
    'Bounded by the job''s retention, keepRuns and keepDays; without it by Delete Job alone';
COMMENT ON COLUMN store.job_runs.ends_at IS 'when a run is ended for taking too long; counts from its first claim';
COMMENT ON COLUMN store.job_runs.lease_id IS 'identifies the claim to its collector; kept when the run is over';
COMMENT ON COLUMN store.job_runs.messages_batch IS 'the last batch that is stored completely; 0 for none';
COMMENT ON COLUMN store.job_runs.messages_inherited IS 'messages_batch at the time of the last claim';
COMMENT ON COLUMN store.job_runs.messages_open IS 'the stored part of the next batch; NULL for none';

CREATE INDEX job_runs_newest ON store.job_runs (history_id, queued_at DESC, run_id DESC);
-- The last good evidence of a job whose later runs have all failed, however many those are.
CREATE INDEX job_runs_completed ON store.job_runs (history_id, queued_at DESC, run_id DESC) WHERE status = 'Completed';
CREATE INDEX job_runs_by_run ON store.job_runs (run_id);
CREATE INDEX job_runs_active ON store.job_runs (history_id) WHERE status IN ('Queued', 'Running');
CREATE INDEX job_runs_queued ON store.job_runs (queued_at, run_id) WHERE status = 'Queued';
CREATE INDEX job_runs_leased ON store.job_runs (lease_expires_at) WHERE status = 'Running';
-- Queued ones, too: the time of a run that lost its collector goes on.
CREATE INDEX job_runs_ending ON store.job_runs (ends_at) WHERE ends_at IS NOT NULL AND status IN ('Queued', 'Running');

CREATE TABLE store.job_run_messages (
    history_id uuid        NOT NULL,
    run_id     uuid        NOT NULL,
    row_number bigint      NOT NULL,
    logged_at  timestamptz NOT NULL DEFAULT now(),
    severity   text        NOT NULL,
    asset_id   uuid,
    message    text        NOT NULL,
    PRIMARY KEY (history_id, run_id, row_number)
);
COMMENT ON TABLE store.job_run_messages IS
    'Bounded by the runs, with which its rows go; for a run by what its collector sends until it ends';

CREATE TABLE store.collected_data (
    history_id   uuid        NOT NULL,
    run_id       uuid        NOT NULL,
    row_number   bigint      NOT NULL,
    asset_id     uuid        NOT NULL,
    collected_at timestamptz NOT NULL DEFAULT now(),
    data         jsonb       NOT NULL,
    PRIMARY KEY (history_id, run_id, row_number)
);
COMMENT ON TABLE store.collected_data IS
    'Bounded by the runs, with which its rows go; for a run by what its collector sends until it ends';

CREATE TABLE store.evaluation_results (
    history_id       uuid        NOT NULL,
    run_id           uuid        NOT NULL,
    row_number       bigint      NOT NULL,
    asset_id         uuid        NOT NULL,
    standard_id      uuid        NOT NULL,
    standard_version text,
    check_id         text        NOT NULL,
    outcome          text        NOT NULL CHECK (outcome IN ('Pass', 'Fail', 'Unknown', 'NotApplicable', 'Error')),
    evidence         text        NOT NULL DEFAULT '',
    evaluated_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (history_id, run_id, row_number)
);
COMMENT ON TABLE store.evaluation_results IS
    'Bounded by the runs, with which its rows go; for a run by what its collector sends until it ends';
-- A run's results for one asset and standard share one key, which a B-tree stores once. With history_id in it, a purged
-- history that waits for the eraser costs one probe, however many results it has.
CREATE INDEX evaluation_results_latest ON store.evaluation_results (asset_id, standard_id, history_id, run_id);

-- The one list of the tables that hold histories, in the order in which a history is erased: job_runs last, because a
-- run's row is how its other rows are found.
-- row_key: what identifies a row within a run; NULL if the run itself is the row.
-- report_kind: the kind of report whose rows the table holds.
CREATE FUNCTION store.tables()
RETURNS TABLE (place integer, table_name text, row_key text, report_kind text)
LANGUAGE sql
IMMUTABLE
AS $$
    VALUES
        (1, 'evaluation_results', 'row_number', 'results'),
        (2, 'collected_data', 'row_number', 'data'),
        (3, 'job_run_messages', 'row_number', 'messages'),
        (4, 'job_runs', NULL, NULL)
$$;

-- Without statistics of an identifier, a comparison with it is planned as one row of 200, and the index that begins with
-- it wins. With them, the plan for one history depends on what all others have: if ten histories or one asset have
-- everything, PostgreSQL was seen to scan a whole index of other histories for a job that never ran. Only run_id of
-- job_runs keeps its statistics: there it identifies a row.
DO $$
DECLARE
    identifier record;
BEGIN
    FOR identifier IN
        SELECT a.attrelid::regclass AS table_name, a.attname
        FROM store.tables() t
        JOIN pg_attribute a ON a.attrelid = format('store.%I', t.table_name)::regclass
        WHERE a.attname IN ('history_id', 'asset_id', 'standard_id') OR a.attname = 'run_id' AND t.row_key IS NOT NULL
    LOOP
        EXECUTE format('ALTER TABLE %s ALTER %I SET STATISTICS 0', identifier.table_name, identifier.attname);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA store TO ccs_jobstore;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA store TO ccs_jobstore_admin;
REVOKE EXECUTE ON FUNCTION store.tables FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.tables TO ccs_jobstore, ccs_jobstore_admin;

COMMIT;
