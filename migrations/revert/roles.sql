-- Revert ccs-jobstore:roles from pg
-- The roles stay: another database of the cluster may use them.
BEGIN;
COMMIT;
