-- Deploy ccs-jobstore:audit_key to pg
-- requires: upkeep
-- Events are read by time and, within the same time, by event: never by the event alone. So the key is also the index by
-- time, and each event is one index cheaper.
BEGIN;

ALTER TABLE audit.events DROP CONSTRAINT events_pkey;
ALTER TABLE audit.events ADD CONSTRAINT events_pkey PRIMARY KEY (occurred_at, event_id);
DROP INDEX audit.events_by_time;

COMMIT;
