-- Revert ccs-jobstore:upkeep from pg
BEGIN;

DROP INDEX audit.events_by_operation;
DROP INDEX audit.events_by_user;
DROP INDEX audit.events_by_job_name;
DROP INDEX audit.events_by_job;
DROP INDEX audit.events_by_time;
CREATE INDEX events_by_time ON audit.events USING brin (occurred_at);
CREATE INDEX events_by_job ON audit.events (job_id, event_id);
CREATE INDEX events_by_user ON audit.events (user_id, event_id);

DROP FUNCTION store.remove_expired_runs;
DROP FUNCTION store.erase_removed_runs;
-- Nobody would know any more that these rows are to be erased.
DELETE FROM store.evaluation_results r USING store.run_purges p WHERE r.history_id = p.history_id AND r.run_id = p.run_id;
DELETE FROM store.collected_data d USING store.run_purges p WHERE d.history_id = p.history_id AND d.run_id = p.run_id;
DELETE FROM store.job_run_messages m USING store.run_purges p WHERE m.history_id = p.history_id AND m.run_id = p.run_id;
DROP INDEX directory.jobs_retained;
DROP TABLE store.retention_sweep;
DROP TABLE store.run_purges;

DROP FUNCTION store.release_lost_runs;
DROP FUNCTION store.end_overdue_runs;
DROP INDEX store.job_runs_ending;
CREATE INDEX job_runs_ending ON store.job_runs (ends_at) WHERE status = 'Running' AND ends_at IS NOT NULL;

DROP FUNCTION directory.run_due_jobs;

COMMIT;
