-- Deploy ccs-jobstore:authorization to pg
-- requires: auth
-- The one place that decides who may do what.
BEGIN;

-- Authorises the holder of an access token for an operation.
-- p_token: SHA-256 of the token.
-- p_tasks, p_folders: what the operation needs, all of it.
-- p_whole_tree: each folder must be granted itself; else a grant on any folder of its tree will do, and the operation
-- looks at the folder of each item.
-- No row: the token is unknown, expired or revoked, or its user is disabled. missing is the first task that the user lacks,
-- else the first folder, in the order given; NULL: the operation is permitted.
-- clock_timestamp(): within a transaction that waits for locks, a token expires nevertheless.
-- OFFSET 0 keeps a subquery from becoming a join: each role of the user is looked up, however many others have.
-- PostgreSQL inlines the function, so it must stay one SELECT without SET and without SECURITY DEFINER.
CREATE FUNCTION auth.authorize(p_token bytea, p_tasks text[], p_folders uuid[], p_whole_tree boolean)
RETURNS TABLE (user_id uuid, user_name text, missing text)
LANGUAGE sql
STABLE
AS $$
    SELECT
        u.user_id, u.user_name,
        coalesce(
            (
                SELECT n.task
                FROM unnest(p_tasks) WITH ORDINALITY AS n (task, place)
                WHERE n.task <> ALL (ARRAY(
                    SELECT t.task
                    FROM directory.user_roles r
                    CROSS JOIN LATERAL (
                        SELECT task FROM directory.role_tasks WHERE role_id = r.role_id OFFSET 0
                    ) t
                    WHERE r.user_id = u.user_id
                ))
                ORDER BY n.place
                LIMIT 1
            ),
            (
                SELECT n.folder_id::text
                FROM unnest(p_folders) WITH ORDINALITY AS n (folder_id, place)
                WHERE n.folder_id <> ALL (ARRAY(
                    SELECT CASE WHEN p_whole_tree THEN f.folder_id ELSE f.lineage[1] END
                    FROM directory.user_roles r
                    CROSS JOIN LATERAL (
                        SELECT folder_id FROM directory.folder_grants WHERE role_id = r.role_id OFFSET 0
                    ) g
                    CROSS JOIN LATERAL (
                        SELECT folder_id, lineage FROM directory.folders WHERE folder_id = g.folder_id OFFSET 0
                    ) f
                    WHERE r.user_id = u.user_id
                ))
                ORDER BY n.place
                LIMIT 1
            )
        )
    FROM auth.access_tokens a
    JOIN directory.users u USING (user_id)
    WHERE a.token_hash = p_token AND a.expires_at > clock_timestamp() AND NOT u.disabled
$$;

-- The folders that a user has been granted by themselves: what lies in or below one of them is open to the user. For
-- operations that look at the folder of each item. Call it once for a statement, as (SELECT auth.granted_folders(…)).
CREATE FUNCTION auth.granted_folders(p_user uuid)
RETURNS uuid[]
LANGUAGE sql
STABLE
AS $$
    SELECT ARRAY(
        SELECT g.folder_id
        FROM directory.user_roles r
        CROSS JOIN LATERAL (SELECT folder_id FROM directory.folder_grants WHERE role_id = r.role_id OFFSET 0) g
        WHERE r.user_id = p_user
    )
$$;

REVOKE EXECUTE ON FUNCTION auth.authorize, auth.granted_folders FROM PUBLIC;
GRANT EXECUTE ON FUNCTION auth.authorize, auth.granted_folders TO ccs_jobstore;

COMMIT;
