-- Revert ccs-jobstore:inventory from pg
BEGIN;

DROP TABLE directory.standards, directory.assets;

COMMIT;
