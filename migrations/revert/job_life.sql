-- Revert ccs-jobstore:job_life from pg
-- The role Collectors stays: users may have it by now.
BEGIN;

DROP FUNCTION directory.update_job;
DROP FUNCTION directory.create_job;
DROP FUNCTION directory.unreachable_items;
DROP FUNCTION store.end_overdue_run;
DROP FUNCTION store.end_run;
DROP FUNCTION store.start_run;
DROP INDEX store.evaluation_results_latest;
ALTER TABLE store.evaluation_results DROP COLUMN standard_version;
DROP INDEX store.job_runs_active;
DROP INDEX store.job_runs_queued;
DROP INDEX store.job_runs_leased;
DROP INDEX store.job_runs_ending;
ALTER TABLE store.job_runs
    DROP COLUMN time_limit,
    DROP COLUMN ends_at,
    DROP COLUMN attempts,
    DROP COLUMN collector,
    DROP COLUMN lease_id,
    DROP COLUMN lease_expires_at;
DROP INDEX directory.jobs_due;
ALTER TABLE directory.jobs
    DROP COLUMN version,
    DROP COLUMN last_run_id,
    DROP COLUMN run_time_limit,
    DROP COLUMN keep_runs,
    DROP COLUMN keep_days;

COMMIT;
