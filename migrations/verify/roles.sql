-- Verify ccs-jobstore:roles on pg
BEGIN;

SELECT 1 / (count(*) = 2)::integer
FROM pg_roles
WHERE rolname IN ('ccs_jobstore', 'ccs_jobstore_admin')
    AND rolcanlogin
    AND NOT (rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls);

ROLLBACK;
