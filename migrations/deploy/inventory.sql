-- Deploy ccs-jobstore:inventory to pg
-- requires: directory
-- Assets and standards.
-- Searches ignore case and are ordered by name or by a time. The *_key columns hold folded names, under the
-- collation C, so that one index serves both LIKE with a prefix and the order, whatever the database's own collation.
-- Each search index ends in the columns of an answer's order and includes every column that a search by its attribute
-- filters by, so that counts and skipped pages are index-only.
BEGIN;

CREATE TABLE directory.assets (
    asset_id   uuid PRIMARY KEY,
    asset_name text NOT NULL CHECK (asset_name <> ''),
    asset_type text NOT NULL CHECK (asset_type <> ''),
    folder_id  uuid NOT NULL REFERENCES directory.folders,
    name_key   text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.folded(asset_name)) STORED,
    type_key   text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.folded(asset_type)) STORED
);
COMMENT ON TABLE directory.assets IS 'Bounded by the administrator, who alone imports assets';
CREATE INDEX assets_searched_by_name ON directory.assets (name_key, asset_id);
CREATE INDEX assets_searched_by_folder ON directory.assets (folder_id, name_key, asset_id);
CREATE INDEX assets_searched_by_type ON directory.assets (type_key, name_key, asset_id);
-- Searches read the pending list as a whole; this is its greatest size, in kB.
CREATE INDEX assets_by_text ON directory.assets USING gin (name_key directory.gin_trgm_ops)
    WITH (gin_pending_list_limit = 256);

-- Hundreds, not millions: no trigram index.
CREATE TABLE directory.standards (
    standard_id      uuid PRIMARY KEY,
    standard_name    text NOT NULL CHECK (standard_name <> ''),
    standard_version text NOT NULL DEFAULT '1.0',
    folder_id        uuid NOT NULL REFERENCES directory.folders,
    name_key         text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.folded(standard_name)) STORED,
    version_key      text COLLATE "C" NOT NULL GENERATED ALWAYS AS (directory.folded(standard_version)) STORED
);
COMMENT ON TABLE directory.standards IS 'Bounded by the administrator, who alone imports standards';
CREATE INDEX standards_searched_by_name ON directory.standards (name_key, standard_id);
CREATE INDEX standards_searched_by_folder ON directory.standards (folder_id, name_key, standard_id);

GRANT SELECT ON directory.assets, directory.standards TO ccs_jobstore;
GRANT SELECT, INSERT, UPDATE ON directory.assets, directory.standards TO ccs_jobstore_admin;

COMMIT;
