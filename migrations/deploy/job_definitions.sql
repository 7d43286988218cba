-- Deploy ccs-jobstore:job_definitions to pg
-- requires: authorization
-- requires: inventory
-- requires: runs
BEGIN;

-- Of some assets and standards: those that do not exist, and those whose folder is not open to the user.
-- Empty arrays for none.
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

-- Create Job. p_run: start this run at once; NULL for none.
-- outcome:
--   'done'
--   'unreachable'  an asset or a standard does not exist or is not open to p_user: the arrays name them
--   'name taken'
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
    ON CONFLICT (directory.folded(job_name)) DO NOTHING;
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

-- Update Job. p_changes holds the fields that get another value, p_removed those that lose theirs. The arguments for
-- schedule and retention apply where these fields change. p_run: start this run at once, unless one is active; NULL for none.
-- outcome:
--   'done'         a definition without a change keeps its version
--   'not found', 'system job', 'not creator'
--   'changed'      p_versions is given and does not contain the job's version
--   'unreachable', 'name taken'  as for Create Job
-- Starting or planning a run concerns the whole job: then the assets and standards that it already has must be open
-- to p_user, too. Those that no longer exist do not count.
-- A time in the past belongs to a schedule that runs once, and means at once. While that time stays, other changes of
-- the schedule do not bring another run.
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

COMMIT;
