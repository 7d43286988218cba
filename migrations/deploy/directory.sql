-- Deploy ccs-jobstore:directory to pg
-- requires: roles
-- Users, what their roles permit, and the folders that grants name.
BEGIN;

CREATE SCHEMA directory;
GRANT USAGE ON SCHEMA directory TO ccs_jobstore, ccs_jobstore_admin;

-- Trigram indexes, for searches by a part of a name. A trusted extension: the database's owner may create it.
SET LOCAL client_min_messages = warning;
CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA directory;

-- What names are compared by: NFC and Unicode's full case folding, so that Straße, STRASSE and strasse are one name. ICU's
-- mappings to upper case and back are that folding, but for the dotless i, which has a folding of its own: U+FDD0, which is
-- not a character, stands for it.
CREATE FUNCTION directory.folded(p_text text)
RETURNS text
LANGUAGE sql
IMMUTABLE
PARALLEL SAFE
AS $$
    SELECT CASE
        WHEN octet_length(p_text) = length(p_text) THEN lower(p_text COLLATE "C")
        ELSE normalize(
            lower(upper(translate(lower(normalize(p_text, NFC) COLLATE "und-x-icu"), U&'\0131', U&'\FDD0'))), NFC
        ) COLLATE "C"
    END
$$;

CREATE TABLE directory.users (
    user_id       uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    user_name     text        NOT NULL CHECK (user_name <> '' AND length(user_name) <= 256),
    password_hash text,
    disabled      boolean     NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE directory.users IS 'Bounded by the administrator, who alone adds users';
CREATE UNIQUE INDEX users_by_name ON directory.users (directory.folded(user_name));
COMMENT ON COLUMN directory.users.password_hash IS 'scrypt with its parameters; NULL: no sign-in with a password';

CREATE TABLE directory.roles (
    role_id     uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    role_name   text NOT NULL CHECK (role_name <> '' AND length(role_name) <= 256),
    description text NOT NULL DEFAULT ''
);
COMMENT ON TABLE directory.roles IS 'Bounded by the administrator, who alone adds roles';
CREATE UNIQUE INDEX roles_by_name ON directory.roles (directory.folded(role_name));

CREATE TABLE directory.role_tasks (
    role_id uuid NOT NULL REFERENCES directory.roles ON DELETE CASCADE,
    task    text NOT NULL CHECK (task IN (
        'View standards', 'View assets', 'View all jobs', 'View evaluation results',
        'Manage jobs', 'Collect data', 'Evaluate standards', 'Report job runs', 'View audit trail'
    )),
    PRIMARY KEY (role_id, task)
);
COMMENT ON TABLE directory.role_tasks IS 'Bounded by nine tasks a role';

CREATE TABLE directory.user_roles (
    user_id uuid NOT NULL REFERENCES directory.users ON DELETE CASCADE,
    role_id uuid NOT NULL REFERENCES directory.roles ON DELETE CASCADE,
    PRIMARY KEY (user_id, role_id)
);
COMMENT ON TABLE directory.user_roles IS 'Bounded by users times roles';

-- Two trees. `lineage` is the path from the root to the folder itself: a grant on a folder covers an item exactly when
-- the item's folder has the granted folder in its lineage.
CREATE TABLE directory.folders (
    folder_id   uuid   PRIMARY KEY DEFAULT gen_random_uuid(),
    parent_id   uuid   REFERENCES directory.folders,
    folder_name text   NOT NULL CHECK (folder_name <> '' AND length(folder_name) <= 256 AND folder_name !~ '/'),
    lineage     uuid[] NOT NULL
);
COMMENT ON TABLE directory.folders IS 'Bounded by the administrator, who alone adds folders';
CREATE UNIQUE INDEX folders_by_name ON directory.folders (parent_id, directory.folded(folder_name));
CREATE UNIQUE INDEX folder_roots_by_name ON directory.folders (directory.folded(folder_name)) WHERE parent_id IS NULL;
-- The folders below others.
CREATE INDEX folders_by_lineage ON directory.folders USING gin (lineage);

CREATE FUNCTION directory.set_lineage()
RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    NEW.lineage := coalesce((SELECT lineage FROM directory.folders WHERE folder_id = NEW.parent_id), '{}')
        || NEW.folder_id;
    RETURN NEW;
END
$$;
CREATE TRIGGER folder_lineage BEFORE INSERT ON directory.folders
    FOR EACH ROW EXECUTE FUNCTION directory.set_lineage();

CREATE TABLE directory.folder_grants (
    role_id   uuid NOT NULL REFERENCES directory.roles ON DELETE CASCADE,
    folder_id uuid NOT NULL REFERENCES directory.folders ON DELETE CASCADE,
    PRIMARY KEY (role_id, folder_id)
);
COMMENT ON TABLE directory.folder_grants IS 'Bounded by roles times folders';

REVOKE EXECUTE ON FUNCTION directory.set_lineage, directory.folded FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.folded TO ccs_jobstore, ccs_jobstore_admin;
GRANT SELECT ON ALL TABLES IN SCHEMA directory TO ccs_jobstore;
GRANT UPDATE (password_hash) ON directory.users TO ccs_jobstore;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA directory TO ccs_jobstore_admin;
GRANT DELETE ON directory.role_tasks, directory.user_roles, directory.folder_grants TO ccs_jobstore_admin;

INSERT INTO directory.folders (folder_id, folder_name)
VALUES
    ('a55e7000-0000-4000-8000-000000000001', 'Asset System'),
    ('57a2da2d-0000-4000-8000-000000000001', 'Standards');

INSERT INTO directory.roles (role_name, description)
VALUES ('Collectors', 'Carry out job runs and report what they found');
INSERT INTO directory.role_tasks (role_id, task)
SELECT role_id, 'Report job runs'
FROM directory.roles;
INSERT INTO directory.folder_grants (role_id, folder_id)
SELECT role_id, folder_id
FROM directory.roles
CROSS JOIN directory.folders;

COMMIT;
