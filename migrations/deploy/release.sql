-- Deploy ccs-jobstore:release to pg
-- requires: deletion
-- requires: job_definitions
-- requires: collection
-- requires: reports
-- requires: schedules
-- requires: retention
-- The schema's release: the last change of each release, so that it is there only when all others are.
BEGIN;

-- release: the schema's number, which is that of the server release it came with.
-- oldest_server: the oldest server release that works with this schema.
CREATE FUNCTION directory.schema_release(OUT release text, OUT oldest_server text)
LANGUAGE sql
IMMUTABLE
AS $$
    VALUES ('1.0.0', '1.0.0')
$$;
REVOKE EXECUTE ON FUNCTION directory.schema_release FROM PUBLIC;
GRANT EXECUTE ON FUNCTION directory.schema_release TO ccs_jobstore, ccs_jobstore_admin;

COMMIT;
