-- Verify ccs-jobstore:audit_key on pg
BEGIN;

SELECT 1 / (pg_get_constraintdef(oid) = 'PRIMARY KEY (occurred_at, event_id)')::integer
FROM pg_constraint
WHERE conrelid = 'audit.events'::regclass AND contype = 'p';

ROLLBACK;
