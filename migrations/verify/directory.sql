-- Verify ccs-jobstore:directory on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
grants schema directory: ccs_jobstore=USAGE; ccs_jobstore_admin=USAGE
columns directory.users: user_id uuid NOT NULL DEFAULT gen_random_uuid(); user_name text NOT NULL; password_hash text; disabled boolean NOT NULL DEFAULT false; created_at timestamp with time zone NOT NULL DEFAULT now()
indexes directory.users: UNIQUE INDEX users_by_name USING btree (directory.folded(user_name))
indexes directory.users: UNIQUE INDEX users_pkey USING btree (user_id)
constraints directory.users: CHECK (((user_name <> ''::text) AND (length(user_name) <= 256)))
grants directory.users: ccs_jobstore=SELECT; ccs_jobstore_admin=INSERT SELECT UPDATE
grants directory.users.password_hash: ccs_jobstore=UPDATE
columns directory.roles: role_id uuid NOT NULL DEFAULT gen_random_uuid(); role_name text NOT NULL; description text NOT NULL DEFAULT ''::text
indexes directory.roles: UNIQUE INDEX roles_by_name USING btree (directory.folded(role_name))
indexes directory.roles: UNIQUE INDEX roles_pkey USING btree (role_id)
constraints directory.roles: CHECK (((role_name <> ''::text) AND (length(role_name) <= 256)))
grants directory.roles: ccs_jobstore=SELECT; ccs_jobstore_admin=INSERT SELECT UPDATE
columns directory.role_tasks: role_id uuid NOT NULL; task text NOT NULL
indexes directory.role_tasks: UNIQUE INDEX role_tasks_pkey USING btree (role_id, task)
constraints directory.role_tasks: CHECK ((task = ANY (ARRAY['View standards'::text, 'View assets'::text, 'View all jobs'::text, 'View evaluation results'::text, 'Manage jobs'::text, 'Collect data'::text, 'Evaluate standards'::text, 'Report job runs'::text, 'View audit trail'::text])))
constraints directory.role_tasks: FOREIGN KEY (role_id) REFERENCES directory.roles(role_id) ON DELETE CASCADE
grants directory.role_tasks: ccs_jobstore=SELECT; ccs_jobstore_admin=DELETE INSERT SELECT UPDATE
columns directory.user_roles: user_id uuid NOT NULL; role_id uuid NOT NULL
indexes directory.user_roles: UNIQUE INDEX user_roles_pkey USING btree (user_id, role_id)
constraints directory.user_roles: FOREIGN KEY (role_id) REFERENCES directory.roles(role_id) ON DELETE CASCADE
constraints directory.user_roles: FOREIGN KEY (user_id) REFERENCES directory.users(user_id) ON DELETE CASCADE
grants directory.user_roles: ccs_jobstore=SELECT; ccs_jobstore_admin=DELETE INSERT SELECT UPDATE
columns directory.folders: folder_id uuid NOT NULL DEFAULT gen_random_uuid(); parent_id uuid; folder_name text NOT NULL; lineage uuid[] NOT NULL
indexes directory.folders: INDEX folders_by_lineage USING gin (lineage)
indexes directory.folders: UNIQUE INDEX folder_roots_by_name USING btree (directory.folded(folder_name)) WHERE (parent_id IS NULL)
indexes directory.folders: UNIQUE INDEX folders_by_name USING btree (parent_id, directory.folded(folder_name))
indexes directory.folders: UNIQUE INDEX folders_pkey USING btree (folder_id)
constraints directory.folders: CHECK (((folder_name <> ''::text) AND (length(folder_name) <= 256) AND (folder_name !~ '/'::text)))
constraints directory.folders: FOREIGN KEY (parent_id) REFERENCES directory.folders(folder_id)
triggers directory.folders: folder_lineage
grants directory.folders: ccs_jobstore=SELECT; ccs_jobstore_admin=INSERT SELECT UPDATE
function directory.set_lineage(): () trigger VOLATILE
function directory.folded(text): (p_text text) text IMMUTABLE
grants directory.folded(text): ccs_jobstore=EXECUTE; ccs_jobstore_admin=EXECUTE
columns directory.folder_grants: role_id uuid NOT NULL; folder_id uuid NOT NULL
indexes directory.folder_grants: UNIQUE INDEX folder_grants_pkey USING btree (role_id, folder_id)
constraints directory.folder_grants: FOREIGN KEY (folder_id) REFERENCES directory.folders(folder_id) ON DELETE CASCADE
constraints directory.folder_grants: FOREIGN KEY (role_id) REFERENCES directory.roles(role_id) ON DELETE CASCADE
grants directory.folder_grants: ccs_jobstore=SELECT; ccs_jobstore_admin=DELETE INSERT SELECT UPDATE
$$);

-- The roots of the two trees: the lineage of each is itself.
SELECT 1 / (count(*) >= 2)::integer
FROM directory.folders
WHERE parent_id IS NULL AND lineage = ARRAY[folder_id];

ROLLBACK;
