-- Verify ccs-jobstore:inventory on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
columns directory.assets: asset_id uuid NOT NULL; asset_name text NOT NULL; asset_type text NOT NULL; folder_id uuid NOT NULL; name_key text COLLATE "C" NOT NULL GENERATED DEFAULT directory.folded(asset_name); type_key text COLLATE "C" NOT NULL GENERATED DEFAULT directory.folded(asset_type)
indexes directory.assets: INDEX assets_by_text USING gin (name_key directory.gin_trgm_ops) WITH (gin_pending_list_limit='256')
indexes directory.assets: INDEX assets_searched_by_folder USING btree (folder_id, name_key, asset_id)
indexes directory.assets: INDEX assets_searched_by_name USING btree (name_key, asset_id)
indexes directory.assets: INDEX assets_searched_by_type USING btree (type_key, name_key, asset_id)
indexes directory.assets: UNIQUE INDEX assets_pkey USING btree (asset_id)
constraints directory.assets: CHECK ((asset_name <> ''::text))
constraints directory.assets: CHECK ((asset_type <> ''::text))
constraints directory.assets: FOREIGN KEY (folder_id) REFERENCES directory.folders(folder_id)
grants directory.assets: ccs_jobstore=SELECT; ccs_jobstore_admin=INSERT SELECT UPDATE
columns directory.standards: standard_id uuid NOT NULL; standard_name text NOT NULL; standard_version text NOT NULL DEFAULT '1.0'::text; folder_id uuid NOT NULL; name_key text COLLATE "C" NOT NULL GENERATED DEFAULT directory.folded(standard_name); version_key text COLLATE "C" NOT NULL GENERATED DEFAULT directory.folded(standard_version)
indexes directory.standards: INDEX standards_searched_by_folder USING btree (folder_id, name_key, standard_id)
indexes directory.standards: INDEX standards_searched_by_name USING btree (name_key, standard_id)
indexes directory.standards: UNIQUE INDEX standards_pkey USING btree (standard_id)
constraints directory.standards: CHECK ((standard_name <> ''::text))
constraints directory.standards: FOREIGN KEY (folder_id) REFERENCES directory.folders(folder_id)
grants directory.standards: ccs_jobstore=SELECT; ccs_jobstore_admin=INSERT SELECT UPDATE
$$);

ROLLBACK;
