-- Revert ccs-jobstore:roles from pg
-- The roles themselves stay: another database of the cluster may use them.
BEGIN;

REVOKE SELECT ON sqitch.changes FROM ccs_jobstore, ccs_jobstore_admin;
REVOKE USAGE ON SCHEMA sqitch FROM ccs_jobstore, ccs_jobstore_admin;

COMMIT;
