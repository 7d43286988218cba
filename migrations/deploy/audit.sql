-- Deploy ccs-jobstore:audit to pg
-- requires: directory
-- Who did what to which job. Names are copied: an event outlives the user and the job.
BEGIN;

CREATE SCHEMA audit;
GRANT USAGE ON SCHEMA audit TO ccs_jobstore, ccs_jobstore_admin;

-- Events are read by time, and never by event_id alone: the key doubles as the index by time.
CREATE TABLE audit.events (
    event_id    bigint      GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    user_id     uuid,
    user_name   text        NOT NULL,
    operation   text        NOT NULL,
    job_id      uuid,
    job_name    text,
    request_id  uuid,
    details     jsonb,
    PRIMARY KEY (occurred_at, event_id)
);
-- One for each question that `ccs-jobstore audit` asks, in the order of its answer, newest first: a page costs the same
-- however long the trail is. By name, because names outlive users and jobs.
CREATE INDEX events_by_job ON audit.events (job_id, occurred_at, event_id);
CREATE INDEX events_by_job_name ON audit.events (directory.folded(job_name), occurred_at, event_id);
CREATE INDEX events_by_user ON audit.events (directory.folded(user_name), occurred_at, event_id);
CREATE INDEX events_by_operation ON audit.events (lower(operation), occurred_at, event_id);

GRANT INSERT ON audit.events TO ccs_jobstore;
GRANT SELECT, INSERT ON audit.events TO ccs_jobstore_admin;

COMMIT;
