-- Verify ccs-jobstore:authorization on pg
BEGIN;

SELECT 1 / has_function_privilege('ccs_jobstore', 'auth.authorize(bytea, text[], uuid[], boolean)', 'EXECUTE')::integer;
SELECT 1 / has_function_privilege('ccs_jobstore', 'auth.granted_folders(uuid)', 'EXECUTE')::integer;

-- It is inlined: no plan of a call scans the function.
DO $$
DECLARE
    line text;
BEGIN
    FOR line IN EXPLAIN SELECT * FROM auth.authorize('\x00', ARRAY['Manage jobs'], '{}', true) LOOP
        IF line LIKE '%Function Scan on authorize%' THEN
            RAISE EXCEPTION 'auth.authorize is not inlined';
        END IF;
    END LOOP;
END
$$;

ROLLBACK;
