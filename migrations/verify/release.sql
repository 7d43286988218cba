-- Verify ccs-jobstore:release on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
function directory.schema_release(): (OUT release text, OUT oldest_server text) record IMMUTABLE
grants directory.schema_release(): ccs_jobstore=EXECUTE; ccs_jobstore_admin=EXECUTE
$$);

SELECT 1 / (release ~ '^\d+\.\d+\.\d+$' AND oldest_server ~ '^\d+\.\d+\.\d+$')::integer
FROM directory.schema_release();

ROLLBACK;
