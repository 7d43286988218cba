-- Deploy ccs-jobstore:directory to pg
-- requires: roles
BEGIN;

CREATE SCHEMA directory;

CREATE TABLE directory.users (
    user_id       uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    user_name     text        NOT NULL CHECK (user_name <> '' AND length(user_name) <= 256),
    password_hash text,
    disabled      boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);
CREATE UNIQUE INDEX users_by_name ON directory.users (lower(user_name));
COMMENT ON COLUMN directory.users.password_hash IS 'scrypt with its parameters; NULL: nobody can log in with a password';

CREATE TABLE directory.roles (
    role_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    role_name   text NOT NULL CHECK (role_name <> '' AND length(role_name) <= 256),
    description text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX roles_by_name ON directory.roles (lower(role_name));

CREATE TABLE directory.role_tasks (
    role_id uuid NOT NULL REFERENCES directory.roles ON DELETE CASCADE,
    task    text NOT NULL CHECK (task IN (
        'View standards', 'View assets', 'View all jobs', 'View evaluation results',
        'Manage jobs', 'Collect data', 'Evaluate standards', 'Report job runs'
    )),
    PRIMARY KEY (role_id, task)
);

CREATE TABLE directory.user_roles (
    user_id uuid NOT NULL REFERENCES directory.users ON DELETE CASCADE,
    role_id uuid NOT NULL REFERENCES directory.roles ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);

-- Two trees. `lineage` is the way from the root to the folder itself, so that a grant on a folder
-- covers an item exactly when the granted folder stands in the lineage of the item's folder.
CREATE TABLE directory.folders (
    folder_id   uuid   PRIMARY KEY DEFAULT gen_random_uuid(),
    parent_id   uuid   REFERENCES directory.folders,
    folder_name text   NOT NULL CHECK (folder_name <> '' AND length(folder_name) <= 256 AND folder_name !~ '/'),
    lineage     uuid[] NOT NULL
);
CREATE UNIQUE INDEX folders_by_name ON directory.folders (parent_id, lower(folder_name));
CREATE UNIQUE INDEX folder_roots_by_name ON directory.folders (lower(folder_name)) WHERE parent_id IS NULL;

CREATE FUNCTION directory.set_lineage() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.lineage := coalesce((SELECT lineage FROM directory.folders WHERE folder_id = NEW.parent_id), '{}')
        || NEW.folder_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER folder_lineage BEFORE INSERT ON directory.folders
    FOR EACH ROW EXECUTE FUNCTION directory.set_lineage();

INSERT INTO directory.folders (folder_id, folder_name) VALUES
    ('a55e7000-0000-4000-8000-000000000001', 'Asset System'),
    ('57a2da2d-0000-4000-8000-000000000001', 'Standards');

CREATE TABLE directory.folder_grants (
    role_id   uuid NOT NULL REFERENCES directory.roles ON DELETE CASCADE,
    folder_id uuid NOT NULL REFERENCES directory.folders ON DELETE CASCADE,
    PRIMARY KEY (role_id, folder_id)
);

CREATE TABLE directory.assets (
    asset_id   uuid PRIMARY KEY,
    asset_name text NOT NULL CHECK (asset_name <> ''),
    asset_type text NOT NULL CHECK (asset_type <> ''),
    folder_id  uuid NOT NULL REFERENCES directory.folders
);
CREATE INDEX assets_by_folder ON directory.assets (folder_id, asset_id);

CREATE TABLE directory.standards (
    standard_id      uuid PRIMARY KEY,
    standard_name    text NOT NULL CHECK (standard_name <> ''),
    standard_version text NOT NULL DEFAULT '1.0',
    folder_id        uuid NOT NULL REFERENCES directory.folders
);
CREATE INDEX standards_by_folder ON directory.standards (folder_id, standard_id);

-- A job reaches its history through history_id alone. A new history_id is an empty history.
CREATE TABLE directory.jobs (
    job_id          uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    history_id      uuid        NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    job_name        text        NOT NULL CHECK (job_name <> '' AND length(job_name) <= 256),
    job_description text        NOT NULL DEFAULT '',
    job_type        text        NOT NULL CHECK (job_type <> ''),
    is_system       boolean     NOT NULL DEFAULT false,
    created_by      uuid        REFERENCES directory.users,
    created_at      timestamptz NOT NULL DEFAULT now(),
    modified_at     timestamptz NOT NULL DEFAULT now(),
    configuration   jsonb,
    run_count       bigint      NOT NULL DEFAULT 0 CHECK (run_count >= 0),
    last_run_status text,
    last_run_at     timestamptz,
    next_run_at     timestamptz,
    CHECK (is_system = (created_by IS NULL))
);
CREATE UNIQUE INDEX jobs_by_name ON directory.jobs (lower(job_name));
CREATE INDEX jobs_by_creator ON directory.jobs (created_by);
COMMENT ON COLUMN directory.jobs.run_count IS 'rows of store.job_runs in the present history; changed in the transaction that adds or removes them';

GRANT USAGE ON SCHEMA directory TO ccs_jobstore, ccs_jobstore_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA directory TO ccs_jobstore;
GRANT INSERT, UPDATE, DELETE ON directory.jobs TO ccs_jobstore;
GRANT UPDATE (password_hash) ON directory.users TO ccs_jobstore;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA directory TO ccs_jobstore_admin;
GRANT DELETE ON directory.role_tasks, directory.user_roles, directory.folder_grants TO ccs_jobstore_admin;

COMMIT;
