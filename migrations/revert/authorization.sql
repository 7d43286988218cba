-- Revert ccs-jobstore:authorization from pg
BEGIN;

DROP FUNCTION auth.authorize(bytea, text[], uuid[], boolean);
DROP FUNCTION auth.granted_folders(uuid);

COMMIT;
