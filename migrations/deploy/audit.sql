-- Deploy ccs-jobstore:audit to pg
-- requires: directory
-- Who did what to which job. Names are copied, so that an event outlives the user and the job.
BEGIN;

CREATE SCHEMA audit;

CREATE TABLE audit.events (
    event_id    bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_id     uuid,
    user_name   text        NOT NULL,
    operation   text        NOT NULL,
    job_id      uuid,
    job_name    text,
    request_id  uuid,
    details     jsonb
);
CREATE INDEX events_by_time ON audit.events USING brin (occurred_at);
CREATE INDEX events_by_job ON audit.events (job_id, event_id);
CREATE INDEX events_by_user ON audit.events (user_id, event_id);

GRANT USAGE ON SCHEMA audit TO ccs_jobstore, ccs_jobstore_admin;
GRANT INSERT ON audit.events TO ccs_jobstore;
GRANT SELECT, INSERT ON audit.events TO ccs_jobstore_admin;

COMMIT;
