-- For the verify scripts: \ir ../facts.sql, then SELECT pg_temp.verify($$ facts $$), all within one transaction.
-- A fact is a line "KIND OBJECT: item; item", as pg_temp.facts() says it of the database:
--   columns   of a table or type, with their types, collations that are not the type's, NOT NULL and defaults
--   indexes, constraints, triggers   as PostgreSQL defines them
--   function  parameters, result, volatility, settings
--   grants    the privileges of the server's role, the administrator's and PUBLIC on a schema, table or function
-- Each item that is missing or different fails the verification. More items than expected pass, since later changes add
-- columns and indexes; more privileges do not.

CREATE FUNCTION pg_temp.privileges(p_acl aclitem[])
RETURNS TABLE (item text)
LANGUAGE sql
AS $$
    SELECT r.name || '=' || coalesce(
        (
            SELECT string_agg(a.privilege_type, ' ' ORDER BY a.privilege_type)
            FROM aclexplode(p_acl) a
            WHERE a.grantee = r.id
        ),
        'none'
    )
    FROM (
        SELECT oid, rolname::text
        FROM pg_roles
        WHERE rolname IN ('ccs_jobstore', 'ccs_jobstore_admin')
        UNION ALL
        VALUES (0::oid, 'PUBLIC')
    ) r (id, name)
$$;

CREATE FUNCTION pg_temp.facts()
RETURNS TABLE (subject text, item text)
LANGUAGE sql
AS $$
    WITH schemas AS (
        SELECT oid, nspname, nspacl, nspowner
        FROM pg_namespace
        WHERE nspname IN ('directory', 'store', 'auth', 'audit')
    ), relations AS (
        SELECT c.oid, c.relname, c.relkind, s.nspname, c.relowner, s.nspowner,
               coalesce(c.relacl, acldefault('r', c.relowner)) AS acl, format('%s.%s', s.nspname, c.relname) AS name
        FROM pg_class c
        JOIN schemas s ON s.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p', 'c')
    ), functions AS (
        SELECT p.*, s.nspowner, p.oid::regprocedure::text AS name
        FROM pg_proc p
        JOIN schemas s ON s.oid = p.pronamespace
    )
    SELECT 'grants schema ' || s.nspname, g.item
    FROM schemas s
    CROSS JOIN LATERAL pg_temp.privileges(s.nspacl) g
    UNION ALL
    SELECT 'columns ' || r.name,
           concat_ws(
               ' ', a.attname, format_type(a.atttypid, a.atttypmod),
               CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || quote_ident(l.collname) END,
               CASE WHEN a.attnotnull THEN 'NOT NULL' END,
               CASE a.attidentity WHEN 'a' THEN 'IDENTITY' END, CASE WHEN a.attgenerated = 's' THEN 'GENERATED' END,
               'DEFAULT ' || pg_get_expr(d.adbin, d.adrelid)
           )
    FROM relations r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
    JOIN pg_type t ON t.oid = a.atttypid
    LEFT JOIN pg_collation l ON l.oid = a.attcollation
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT 'indexes ' || r.name, regexp_replace(pg_get_indexdef(i.indexrelid), '^CREATE (.*) ON [a-z_.]+', '\1')
    FROM relations r
    JOIN pg_index i ON i.indrelid = r.oid AND i.indisvalid
    UNION ALL
    SELECT 'constraints ' || r.name, pg_get_constraintdef(c.oid)
    FROM relations r
    JOIN pg_constraint c ON c.conrelid = r.oid AND c.contype IN ('c', 'f') AND c.convalidated
    UNION ALL
    SELECT 'triggers ' || r.name, t.tgname
    FROM relations r
    JOIN pg_trigger t ON t.tgrelid = r.oid AND NOT t.tgisinternal AND t.tgenabled = 'O'
    UNION ALL
    SELECT 'grants ' || r.name, g.item
    FROM relations r
    CROSS JOIN LATERAL pg_temp.privileges(r.acl) g
    WHERE r.relkind <> 'c'
    UNION ALL
    SELECT 'grants ' || r.name || '.' || a.attname, g.item
    FROM relations r
    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL
    CROSS JOIN LATERAL pg_temp.privileges(a.attacl) g
    UNION ALL
    SELECT 'function ' || f.name,
           concat_ws(
               ' ', format('(%s)', pg_get_function_arguments(f.oid)), pg_get_function_result(f.oid),
               CASE f.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' ELSE 'VOLATILE' END,
               CASE WHEN f.prosecdef THEN 'SECURITY DEFINER' END, array_to_string(f.proconfig, ' ')
           )
    FROM functions f
    UNION ALL
    SELECT 'grants ' || f.name, g.item
    FROM functions f
    CROSS JOIN LATERAL pg_temp.privileges(coalesce(f.proacl, acldefault('f', f.proowner))) g
    UNION ALL
    -- An owner may do anything, so neither role owns one of these, and all have the owner of their schema.
    SELECT 'owner ' || o.name, CASE WHEN o.owner = o.schema_owner THEN 'that of the schema' ELSE o.owner::regrole::text END
    FROM (
        SELECT name, relowner, nspowner FROM relations
        UNION ALL
        SELECT name, proowner, nspowner FROM functions
    ) o (name, owner, schema_owner)
    UNION ALL
    SELECT 'owner ' || nspname,
           CASE
               WHEN nspowner::regrole::text IN ('ccs_jobstore', 'ccs_jobstore_admin') THEN nspowner::regrole::text
               ELSE 'neither role'
           END
    FROM schemas
$$;

CREATE FUNCTION pg_temp.verify(p_facts text)
RETURNS void
LANGUAGE plpgsql
AS $$
DECLARE
    wrong text;
BEGIN
    WITH lines AS (
        SELECT split_part(line, ': ', 1) AS subject, substr(line, strpos(line, ': ') + 2) AS items
        FROM regexp_split_to_table(p_facts, '\n') AS line
        WHERE line ~ ': '
    ), objects AS (
        SELECT DISTINCT regexp_replace(subject, '^(\w+) (schema )?', '') AS name FROM lines
    ), expected AS (
        SELECT subject, item FROM lines CROSS JOIN LATERAL regexp_split_to_table(items, '; ') AS item
        UNION ALL
        -- What nobody lists is closed to both roles and to PUBLIC.
        SELECT f.subject, split_part(f.item, '=', 1) || '=none'
        FROM pg_temp.facts() f
        JOIN objects o
            ON f.subject IN ('grants ' || o.name, 'grants schema ' || o.name)
            OR strpos(o.name, '.') > 0 AND starts_with(f.subject, 'grants ' || o.name || '.')
        WHERE NOT EXISTS (
            SELECT
            FROM lines l
            WHERE l.subject = f.subject AND strpos('; ' || l.items, '; ' || split_part(f.item, '=', 1) || '=') > 0
        )
        UNION ALL
        SELECT 'owner ' || name, CASE WHEN strpos(name, '.') > 0 THEN 'that of the schema' ELSE 'neither role' END
        FROM objects
        WHERE name !~ '\.\w+\.'
    )
    SELECT string_agg(format('%s: %s', subject, item), E'\n' ORDER BY subject, item)
    INTO wrong
    FROM (TABLE expected EXCEPT SELECT * FROM pg_temp.facts()) e;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION E'missing or different:\n%', wrong;
    END IF;
END
$$;
