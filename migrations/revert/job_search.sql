-- Revert ccs-jobstore:job_search from pg
BEGIN;

DROP INDEX directory.folders_by_lineage;

CREATE INDEX standards_by_folder ON directory.standards (folder_id, standard_id);
ALTER TABLE directory.standards
    DROP COLUMN name_key,
    DROP COLUMN version_key;

CREATE INDEX assets_by_folder ON directory.assets (folder_id, asset_id);
ALTER TABLE directory.assets
    DROP COLUMN name_key,
    DROP COLUMN type_key;

DROP INDEX directory.jobs_searched_by_status;
DROP INDEX directory.jobs_searched_by_creation;
DROP INDEX directory.jobs_searched_by_change;
DROP INDEX directory.jobs_searched_by_last_run;
ALTER TABLE directory.jobs
    DROP COLUMN name_key,
    DROP COLUMN type_key;

-- One that was there before, elsewhere, stays.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_trgm' AND extnamespace = 'directory'::regnamespace) THEN
        DROP EXTENSION pg_trgm;
    END IF;
END
$$;

COMMIT;
