-- Deploy ccs-jobstore:store to pg
-- requires: directory
-- Everything a run leaves behind. Every table has history_id first in its primary key and no foreign key:
-- a history is detached by forgetting its history_id, and erased by key ranges. With history_id in every
-- unique key the tables can be hash-partitioned or distributed by it as they stand.
BEGIN;

CREATE SCHEMA store;

CREATE TABLE store.job_runs (
    history_id    uuid        NOT NULL,
    run_id        uuid        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('Queued', 'Running', 'Completed', 'Failed', 'Aborted')),
    triggered_by  text        NOT NULL,
    queued_at     timestamptz NOT NULL DEFAULT now(),
    started_at    timestamptz,
    ended_at      timestamptz,
    message_count bigint      NOT NULL DEFAULT 0,
    PRIMARY KEY (history_id, run_id)
);
CREATE INDEX job_runs_newest ON store.job_runs (history_id, queued_at DESC, run_id DESC);
CREATE INDEX job_runs_by_run ON store.job_runs (run_id);

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

CREATE TABLE store.collected_data (
    history_id   uuid        NOT NULL,
    run_id       uuid        NOT NULL,
    row_number   bigint      NOT NULL,
    asset_id     uuid        NOT NULL,
    collected_at timestamptz NOT NULL DEFAULT now(),
    data         jsonb       NOT NULL,
    PRIMARY KEY (history_id, run_id, row_number)
);

CREATE TABLE store.evaluation_results (
    history_id   uuid        NOT NULL,
    run_id       uuid        NOT NULL,
    row_number   bigint      NOT NULL,
    asset_id     uuid        NOT NULL,
    standard_id  uuid        NOT NULL,
    check_id     text        NOT NULL,
    outcome      text        NOT NULL CHECK (outcome IN ('Pass', 'Fail', 'Unknown', 'NotApplicable', 'Error')),
    evidence     text        NOT NULL DEFAULT '',
    evaluated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (history_id, run_id, row_number)
);

-- Histories that no job points to any more and that are not erased yet: the eraser's work list.
-- The position is the key up to which the present table is erased; tables are erased in a fixed order.
CREATE TABLE store.purges (
    history_id      uuid        PRIMARY KEY,
    job_id          uuid        NOT NULL,
    job_name        text        NOT NULL,
    requested_by    text        NOT NULL,
    requested_at    timestamptz NOT NULL DEFAULT now(),
    tables_done     smallint    NOT NULL DEFAULT 0,
    run_position    uuid        NOT NULL DEFAULT '00000000-0000-0000-0000-000000000000',
    row_position    bigint      NOT NULL DEFAULT -1,
    rows_erased     bigint      NOT NULL DEFAULT 0
);
CREATE INDEX purges_oldest ON store.purges (requested_at);

GRANT USAGE ON SCHEMA store TO ccs_jobstore, ccs_jobstore_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA store TO ccs_jobstore;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA store TO ccs_jobstore_admin;

COMMIT;
