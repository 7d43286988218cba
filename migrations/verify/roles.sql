-- Verify ccs-jobstore:roles on pg
BEGIN;

SELECT 1 / count(*) FROM pg_roles WHERE rolname = 'ccs_jobstore' AND rolcanlogin AND NOT rolsuper;
SELECT 1 / count(*) FROM pg_roles WHERE rolname = 'ccs_jobstore_admin' AND rolcanlogin AND NOT rolsuper;

ROLLBACK;
