-- Verify ccs-jobstore:directory on pg
BEGIN;

SELECT user_id, user_name, password_hash, disabled, created_at FROM directory.users WHERE false;
SELECT role_id, role_name, description FROM directory.roles WHERE false;
SELECT role_id, task FROM directory.role_tasks WHERE false;
SELECT user_id, role_id FROM directory.user_roles WHERE false;
SELECT role_id, folder_id FROM directory.folder_grants WHERE false;
SELECT asset_id, asset_name, asset_type, folder_id FROM directory.assets WHERE false;
SELECT standard_id, standard_name, standard_version, folder_id FROM directory.standards WHERE false;
SELECT job_id, history_id, job_name, job_description, job_type, is_system, created_by, created_at, modified_at,
       configuration, run_count, last_run_status, last_run_at, next_run_at
FROM directory.jobs WHERE false;
SELECT 1 / (count(*) = 2)::integer FROM directory.folders WHERE parent_id IS NULL AND lineage = ARRAY[folder_id];
SELECT 1 / has_table_privilege('ccs_jobstore', 'directory.jobs', 'DELETE')::integer;
SELECT 1 / (NOT has_table_privilege('ccs_jobstore', 'directory.user_roles', 'INSERT'))::integer;

ROLLBACK;
