-- Deploy ccs-jobstore:roles to pg
-- Roles belong to the whole cluster: another database may have created them already.
BEGIN;

DO $$
BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'ccs_jobstore') THEN
        CREATE ROLE ccs_jobstore LOGIN;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'ccs_jobstore_admin') THEN
        CREATE ROLE ccs_jobstore_admin LOGIN;
    END IF;
END
$$;

COMMENT ON ROLE ccs_jobstore IS 'The CCS job store server: reads the directory, writes histories and sessions';
COMMENT ON ROLE ccs_jobstore_admin IS 'The administration commands of the CCS job store';

COMMIT;
