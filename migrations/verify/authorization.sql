-- Verify ccs-jobstore:authorization on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function auth.authorize(bytea,text[],uuid[],boolean): (p_token bytea, p_tasks text[], p_folders uuid[], p_whole_tree boolean) TABLE(user_id uuid, user_name text, missing text) STABLE
grants auth.authorize(bytea,text[],uuid[],boolean): ccs_jobstore=EXECUTE
function auth.granted_folders(uuid): (p_user uuid) uuid[] STABLE
grants auth.granted_folders(uuid): ccs_jobstore=EXECUTE
$$);

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
