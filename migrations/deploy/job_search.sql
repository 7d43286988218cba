-- Deploy ccs-jobstore:job_search to pg
-- requires: job_life
-- Searches compare text without regard to case and answer in the order of names or of a time. So names are kept in
-- lower case, too, in a column that both LIKE with a prefix and the order can use an index of: the collation is C,
-- whatever the database's own is. Each index ends in what puts its rows into the order of an answer, and has every
-- column that a search by its attribute looks at, so that skipped pages and counts are read from the index alone.
BEGIN;

-- Text within names. The extension is a trusted one: the owner of the database may create it.
SET LOCAL search_path = directory, public;
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA directory;

ALTER TABLE directory.jobs
    ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(job_name)) STORED,
    ADD COLUMN type_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(job_type)) STORED;
CREATE INDEX jobs_searched_by_name ON directory.jobs (name_key, job_id) INCLUDE (is_system, last_run_status);
CREATE INDEX jobs_searched_by_type ON directory.jobs (type_key, name_key, job_id);
CREATE INDEX jobs_searched_by_status ON directory.jobs (last_run_status, name_key, job_id);
CREATE INDEX jobs_searched_by_creation ON directory.jobs (created_at, job_id);
CREATE INDEX jobs_searched_by_change ON directory.jobs (modified_at, job_id);
-- What failed since yesterday is asked for most.
CREATE INDEX jobs_searched_by_last_run ON directory.jobs (last_run_at, job_id) INCLUDE (last_run_status);
-- System jobs are few; the others are nearly all jobs, which the order by name leads to as well.
CREATE INDEX jobs_of_the_system ON directory.jobs (name_key, job_id) WHERE is_system;
-- A job's row changes with each of its runs. New entries go to a list that is merged when it is as long as this, in kB;
-- every search reads all of it.
CREATE INDEX jobs_by_text ON directory.jobs USING gin (name_key gin_trgm_ops) WITH (gin_pending_list_limit = 256);

ALTER TABLE directory.assets
    ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(asset_name)) STORED,
    ADD COLUMN type_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(asset_type)) STORED;
CREATE INDEX assets_searched_by_name ON directory.assets (name_key, asset_id);
CREATE INDEX assets_searched_by_folder ON directory.assets (folder_id, name_key, asset_id);
CREATE INDEX assets_searched_by_type ON directory.assets (type_key, name_key, asset_id);
CREATE INDEX assets_by_text ON directory.assets USING gin (name_key gin_trgm_ops);
DROP INDEX directory.assets_by_folder;

-- Standards are hundreds, not millions.
ALTER TABLE directory.standards
    ADD COLUMN name_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(standard_name)) STORED,
    ADD COLUMN version_key text COLLATE "C" NOT NULL GENERATED ALWAYS AS (lower(standard_version)) STORED;
CREATE INDEX standards_searched_by_name ON directory.standards (name_key, standard_id);
CREATE INDEX standards_searched_by_folder ON directory.standards (folder_id, name_key, standard_id);
DROP INDEX directory.standards_by_folder;

-- The folders below others.
CREATE INDEX folders_by_lineage ON directory.folders USING gin (lineage);

COMMIT;
