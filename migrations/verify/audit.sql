-- Verify ccs-jobstore:audit on pg
BEGIN;

SELECT event_id, occurred_at, user_id, user_name, operation, job_id, job_name, request_id, details
FROM audit.events WHERE false;
SELECT 1 / has_table_privilege('ccs_jobstore', 'audit.events', 'INSERT')::integer;
SELECT 1 / (NOT has_table_privilege('ccs_jobstore', 'audit.events', 'UPDATE, DELETE, TRUNCATE'))::integer;

ROLLBACK;
