-- Revert ccs-jobstore:retention from pg
BEGIN;

DROP FUNCTION store.remove_expired_runs;
DROP FUNCTION store.erase_removed_runs;
-- Nothing else knows that these rows are to be erased.
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN SELECT table_name FROM store.tables() WHERE row_key IS NOT NULL LOOP
        EXECUTE format(
            'DELETE FROM store.%I r USING store.run_purges p WHERE r.history_id = p.history_id AND r.run_id = p.run_id',
            part.table_name
        );
    END LOOP;
END
$$;
DROP TABLE store.retention_sweep, store.run_purges;

COMMIT;
