-- Revert ccs-jobstore:audit_key from pg
BEGIN;

CREATE INDEX events_by_time ON audit.events (occurred_at, event_id);
ALTER TABLE audit.events DROP CONSTRAINT events_pkey;
ALTER TABLE audit.events ADD CONSTRAINT events_pkey PRIMARY KEY (event_id);

COMMIT;
