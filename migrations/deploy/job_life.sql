-- Deploy ccs-jobstore:job_life to pg
-- requires: deletion
-- What a job needs beyond being looked at and deleted: versions, runs that are started and ended, retention.
-- Whoever changes a job and its run locks the job first, as a deletion does, so that nobody waits in a circle.
BEGIN;

ALTER TABLE directory.jobs
    ADD COLUMN version        bigint   NOT NULL DEFAULT 1,
    ADD COLUMN last_run_id    uuid,
    ADD COLUMN run_time_limit interval CHECK (run_time_limit > interval '0'),
    ADD COLUMN keep_runs      integer  CHECK (keep_runs >= 1),
    ADD COLUMN keep_days      integer  CHECK (keep_days >= 1);
COMMENT ON COLUMN directory.jobs.version IS 'counts the changes of the definition; runs do not change it';
COMMENT ON COLUMN directory.jobs.last_run_id IS 'the run that last_run_status and last_run_at tell about';
COMMENT ON COLUMN directory.jobs.keep_runs IS 'NULL: as the server''s settings say';
COMMENT ON COLUMN directory.jobs.keep_days IS 'NULL: as the server''s settings say';

CREATE INDEX jobs_due ON directory.jobs (next_run_at) WHERE next_run_at IS NOT NULL;

ALTER TABLE store.job_runs
    ADD COLUMN time_limit       interval,
    ADD COLUMN ends_at          timestamptz,
    ADD COLUMN attempts         integer NOT NULL DEFAULT 0,
    ADD COLUMN collector        text,
    ADD COLUMN lease_id         uuid,
    ADD COLUMN lease_expires_at timestamptz;
COMMENT ON COLUMN store.job_runs.ends_at IS 'when a running run is ended for having taken too long';
COMMENT ON COLUMN store.job_runs.lease_id IS 'what its collector proves itself by; kept when the run is over';

CREATE INDEX job_runs_active ON store.job_runs (history_id) WHERE status IN ('Queued', 'Running');
CREATE INDEX job_runs_queued ON store.job_runs (queued_at, run_id) WHERE status = 'Queued';
CREATE INDEX job_runs_leased ON store.job_runs (lease_expires_at) WHERE status = 'Running';
CREATE INDEX job_runs_ending ON store.job_runs (ends_at) WHERE status = 'Running' AND ends_at IS NOT NULL;

ALTER TABLE store.evaluation_results
    ADD COLUMN standard_version text;
-- All results of a run about an asset and a standard share one key, which the index keeps once. With the history in it,
-- a purged one that waits for the eraser is passed over with one probe, however many results it has.
CREATE INDEX evaluation_results_latest ON store.evaluation_results (asset_id, standard_id, history_id, run_id);

-- Puts a run in the queue. outcome is 'started', 'not found', 'system job', or 'active' when the job has a run that
-- is not over; then active_run names it. p_user is NULL for the schedule; p_request NULL where no request is behind it.
CREATE FUNCTION store.start_run(
    p_job uuid,
    p_run uuid,
    p_triggered_by text,
    p_user uuid,
    p_request uuid,
    OUT outcome text,
    OUT active_run uuid,
    OUT job_name text
)
LANGUAGE plpgsql
AS $$
DECLARE
    moment timestamptz;
    job directory.jobs;
BEGIN
    SELECT * INTO job FROM directory.jobs WHERE job_id = p_job FOR NO KEY UPDATE;
    job_name := job.job_name;
    IF NOT FOUND THEN
        outcome := 'not found';
        RETURN;
    END IF;
    IF job.is_system THEN
        outcome := 'system job';
        RETURN;
    END IF;
    SELECT run_id
    INTO active_run
    FROM store.job_runs
    WHERE history_id = job.history_id AND status IN ('Queued', 'Running')
    LIMIT 1;
    IF FOUND THEN
        outcome := 'active';
        RETURN;
    END IF;

    -- After the wait for the job, so that runs are in the order in which they were queued.
    moment := clock_timestamp();
    INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, time_limit)
    VALUES (job.history_id, p_run, 'Queued', p_triggered_by, moment, job.run_time_limit);
    UPDATE directory.jobs
    SET run_count = run_count + 1, last_run_id = p_run, last_run_status = 'Queued', last_run_at = moment
    WHERE job_id = p_job;
    INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
    VALUES (p_user, p_triggered_by, 'Run Job', p_job, job.job_name, p_request, jsonb_build_object('JobRunID', p_run));
    outcome := 'started';
END
$$;

-- Ends a run that is not over. outcome is 'ended', 'not found', 'over' when it had ended before (status says how), or
-- 'lease lost' when p_lease is given and is not the run's. A message, if given, becomes the run's last one.
-- A collector completes its run by store.complete_run, which comes here when all batches are whole.
CREATE FUNCTION store.end_run(
    p_run uuid,
    p_lease uuid,
    p_status text,
    p_severity text,
    p_message text,
    p_user uuid,
    p_user_name text,
    p_request uuid,
    OUT outcome text,
    OUT status text,
    OUT lease uuid,
    OUT job_id uuid
)
LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    job directory.jobs;
    run store.job_runs;
BEGIN
    outcome := 'not found';
    SELECT j.* INTO job FROM store.job_runs r JOIN directory.jobs j USING (history_id) WHERE r.run_id = p_run;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    -- The job may have lost this history while it was waited for.
    PERFORM FROM directory.jobs j WHERE j.job_id = job.job_id AND j.history_id = job.history_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT * INTO run FROM store.job_runs r WHERE r.history_id = job.history_id AND r.run_id = p_run FOR UPDATE;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    job_id := job.job_id;
    status := run.status;
    lease := run.lease_id;
    IF run.status NOT IN ('Queued', 'Running') THEN
        outcome := 'over';
        RETURN;
    END IF;
    IF p_lease IS NOT NULL AND run.lease_id IS DISTINCT FROM p_lease THEN
        outcome := 'lease lost';
        RETURN;
    END IF;

    UPDATE store.job_runs r
    SET status = p_status,
        ended_at = clock_timestamp(),
        lease_expires_at = NULL,
        message_count = r.message_count + (p_message IS NOT NULL)::integer
    WHERE r.history_id = job.history_id AND r.run_id = p_run;
    IF p_message IS NOT NULL THEN
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        VALUES (job.history_id, p_run, run.message_count, p_severity, p_message);
    END IF;
    UPDATE directory.jobs j SET last_run_status = p_status WHERE j.job_id = job.job_id AND j.last_run_id = p_run;
    IF p_status = 'Aborted' THEN
        INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
        VALUES (
            p_user, p_user_name, 'Abort Job Run', job.job_id, job.job_name, p_request,
            jsonb_build_object('JobRunID', p_run)
        );
    END IF;
    status := p_status;
    outcome := 'ended';
END
$$;

-- Ends a run that has taken longer than its job allows, p_time_limit. The caller has locked the job and the run and seen
-- that ends_at has passed.
CREATE FUNCTION store.end_overdue_run(p_run uuid, p_time_limit interval)
RETURNS void
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM store.end_run(
        p_run, NULL, 'Aborted', 'Warning',
        format(
            'The run was ended because it took longer than EndJobRunTimeInterval (%s) allows.',
            to_char(p_time_limit, 'HH24:MI:SS')
        ),
        NULL, 'Schedule', NULL
    );
END
$$;

-- Those of some assets and standards that do not exist, and those whose folder is not open to a user. NULL is none.
CREATE FUNCTION directory.unreachable_items(
    p_assets uuid[],
    p_standards uuid[],
    p_user uuid,
    OUT missing_assets uuid[],
    OUT missing_standards uuid[],
    OUT closed_assets uuid[],
    OUT closed_standards uuid[]
)
LANGUAGE sql
STABLE
AS $$
    SELECT a.missing, s.missing, a.closed, s.closed
    FROM (SELECT auth.granted_folders(p_user) AS folders) g
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(i.id) FILTER (WHERE t.asset_id IS NULL), '{}') AS missing,
               coalesce(array_agg(i.id) FILTER (WHERE NOT f.lineage && g.folders), '{}') AS closed
        FROM unnest(p_assets) AS i (id)
        LEFT JOIN directory.assets t ON t.asset_id = i.id
        LEFT JOIN directory.folders f USING (folder_id)
    ) a
    CROSS JOIN LATERAL (
        SELECT coalesce(array_agg(i.id) FILTER (WHERE t.standard_id IS NULL), '{}') AS missing,
               coalesce(array_agg(i.id) FILTER (WHERE NOT f.lineage && g.folders), '{}') AS closed
        FROM unnest(p_standards) AS i (id)
        LEFT JOIN directory.standards t ON t.standard_id = i.id
        LEFT JOIN directory.folders f USING (folder_id)
    ) s
$$;

-- Create Job. outcome is 'done', 'unreachable' when the assets and standards are not all open to p_user, or
-- 'name taken'. p_run, if given, is the run that starts at once.
CREATE FUNCTION directory.create_job(
    p_job uuid,
    p_user uuid,
    p_user_name text,
    p_request uuid,
    p_name text,
    p_description text,
    p_type text,
    p_configuration jsonb,
    p_assets uuid[],
    p_standards uuid[],
    p_next_run_at timestamptz,
    p_time_limit_seconds bigint,
    p_keep_runs bigint,
    p_keep_days bigint,
    p_run uuid,
    OUT outcome text,
    OUT missing_assets uuid[],
    OUT missing_standards uuid[],
    OUT closed_assets uuid[],
    OUT closed_standards uuid[]
)
LANGUAGE plpgsql
AS $$
BEGIN
    SELECT u.missing_assets, u.missing_standards, u.closed_assets, u.closed_standards
    INTO missing_assets, missing_standards, closed_assets, closed_standards
    FROM directory.unreachable_items(p_assets, p_standards, p_user) u;
    IF cardinality(missing_assets || missing_standards || closed_assets || closed_standards) > 0 THEN
        outcome := 'unreachable';
        RETURN;
    END IF;

    INSERT INTO directory.jobs (
        job_id, job_name, job_description, job_type, created_by, configuration, next_run_at, run_time_limit,
        keep_runs, keep_days
    )
    VALUES (
        p_job, p_name, p_description, p_type, p_user, p_configuration, p_next_run_at,
        make_interval(secs => p_time_limit_seconds), p_keep_runs, p_keep_days
    )
    ON CONFLICT (lower(job_name)) DO NOTHING;
    IF NOT FOUND THEN
        outcome := 'name taken';
        RETURN;
    END IF;
    INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
    VALUES (
        p_user, p_user_name, 'Create Job', p_job, p_name, p_request,
        jsonb_build_object(
            'JobType', p_type, 'Assets', cardinality(p_assets), 'Standards', cardinality(p_standards)
        )
    );
    IF p_run IS NOT NULL THEN
        PERFORM store.start_run(p_job, p_run, p_user_name, p_user, p_request);
    END IF;
    outcome := 'done';
END
$$;

-- Update Job. outcome is 'done', 'not found', 'system job', 'not creator', 'changed' when p_versions is given and the
-- job's version is none of them, 'unreachable' and 'name taken' as for Create Job. p_changes has the fields that get
-- another value, p_removed those that lose theirs. What the schedule and the retention mean counts where they change.
-- What is started or planned is the whole job: then the assets and standards that it has already must be open to p_user,
-- too; those that are gone by now keep nobody from it.
-- A time in the past is that of a run which comes once, and means at once. If that time stays, what else changes in the
-- schedule does not bring another run.
-- A definition that stays as it is keeps its version. p_run, if given, starts at once, unless a run is under way.
CREATE FUNCTION directory.update_job(
    p_job uuid,
    p_user uuid,
    p_user_name text,
    p_request uuid,
    p_versions bigint[],
    p_changes jsonb,
    p_removed text[],
    p_assets uuid[],
    p_standards uuid[],
    p_next_run_at timestamptz,
    p_time_limit_seconds bigint,
    p_keep_runs bigint,
    p_keep_days bigint,
    p_run uuid,
    OUT outcome text,
    OUT missing_assets uuid[],
    OUT missing_standards uuid[],
    OUT closed_assets uuid[],
    OUT closed_standards uuid[]
)
LANGUAGE plpgsql
AS $$
DECLARE
    job directory.jobs;
    former jsonb;
    wanted jsonb;
    changed text[];
BEGIN
    SELECT * INTO job FROM directory.jobs WHERE job_id = p_job FOR NO KEY UPDATE;
    outcome := CASE
        WHEN job.job_id IS NULL THEN 'not found'
        WHEN job.is_system THEN 'system job'
        WHEN job.created_by <> p_user THEN 'not creator'
        WHEN NOT job.version = ANY (p_versions) THEN 'changed'
    END;
    IF outcome IS NOT NULL THEN
        RETURN;
    END IF;
    former := coalesce(job.configuration, jsonb_build_object('JobName', job.job_name));
    wanted := (former || p_changes) - p_removed;
    SELECT array_agg(key ORDER BY key)
    INTO changed
    FROM jsonb_each(former) f
    FULL JOIN jsonb_each(wanted) w USING (key)
    WHERE f.value IS DISTINCT FROM w.value;
    IF p_next_run_at <= clock_timestamp()
        AND former #> '{Schedule,RunOnce}' = 'true'
        AND wanted #> '{Schedule,RunOnce}' = 'true'
        AND former #> '{Schedule,StartDate}' = wanted #> '{Schedule,StartDate}'
    THEN
        p_next_run_at := job.next_run_at;
    END IF;

    SELECT u.missing_assets, u.missing_standards, u.closed_assets, u.closed_standards
    INTO missing_assets, missing_standards, closed_assets, closed_standards
    FROM directory.unreachable_items(p_assets, p_standards, p_user) u;
    IF p_run IS NOT NULL OR (p_next_run_at IS NOT NULL AND 'Schedule' = ANY (changed)) THEN
        SELECT u.closed_assets, u.closed_standards
        INTO closed_assets, closed_standards
        FROM directory.unreachable_items(
            ARRAY(SELECT (i #>> '{}')::uuid FROM jsonb_path_query(wanted, '$.AssetsResolutionInfo[*].Id') i),
            ARRAY(SELECT (i #>> '{}')::uuid FROM jsonb_path_query(wanted, '$.Standards[*]') i),
            p_user
        ) u;
    END IF;
    IF cardinality(missing_assets || missing_standards || closed_assets || closed_standards) > 0 THEN
        outcome := 'unreachable';
        RETURN;
    END IF;
    IF changed IS NOT NULL THEN
        BEGIN
            UPDATE directory.jobs
            SET job_name = coalesce(p_changes ->> 'JobName', job_name),
                job_description = CASE
                    WHEN 'JobDescription' = ANY (changed) THEN coalesce(wanted ->> 'JobDescription', '')
                    ELSE job_description
                END,
                configuration = wanted,
                version = version + 1,
                modified_at = now(),
                next_run_at = CASE WHEN 'Schedule' = ANY (changed) THEN p_next_run_at ELSE next_run_at END,
                run_time_limit = CASE
                    WHEN 'Schedule' = ANY (changed) THEN make_interval(secs => p_time_limit_seconds)
                    ELSE run_time_limit
                END,
                keep_runs = CASE WHEN 'Retention' = ANY (changed) THEN p_keep_runs ELSE keep_runs END,
                keep_days = CASE WHEN 'Retention' = ANY (changed) THEN p_keep_days ELSE keep_days END
            WHERE job_id = p_job
            RETURNING job_name INTO job.job_name;
        EXCEPTION
            WHEN unique_violation THEN
                outcome := 'name taken';
                RETURN;
        END;
        INSERT INTO audit.events (user_id, user_name, operation, job_id, job_name, request_id, details)
        VALUES (
            p_user, p_user_name, 'Update Job', p_job, job.job_name, p_request,
            jsonb_build_object('Changed', to_jsonb(changed))
        );
    END IF;
    IF p_run IS NOT NULL THEN
        PERFORM store.start_run(p_job, p_run, p_user_name, p_user, p_request);
    END IF;
    outcome := 'done';
END
$$;

REVOKE EXECUTE ON FUNCTION directory.unreachable_items, directory.create_job, directory.update_job FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.unreachable_items, directory.create_job, directory.update_job TO ccs_jobstore;
REVOKE EXECUTE ON FUNCTION store.start_run, store.end_run, store.end_overdue_run FROM PUBLIC;
GRANT EXECUTE ON FUNCTION store.start_run, store.end_run, store.end_overdue_run TO ccs_jobstore;
GRANT SELECT ON audit.events TO ccs_jobstore_admin;

-- The role of those that carry out runs.
INSERT INTO directory.roles (role_name, description)
VALUES ('Collectors', 'Carry out job runs and report what they found')
ON CONFLICT (lower(role_name)) DO NOTHING;
INSERT INTO directory.role_tasks (role_id, task)
SELECT role_id, 'Report job runs'
FROM directory.roles
WHERE lower(role_name) = 'collectors'
ON CONFLICT DO NOTHING;
INSERT INTO directory.folder_grants (role_id, folder_id)
SELECT role_id, folder_id
FROM directory.roles
CROSS JOIN directory.folders
WHERE lower(role_name) = 'collectors' AND parent_id IS NULL
ON CONFLICT DO NOTHING;

COMMIT;
