-- Revert ccs-jobstore:runs from pg
BEGIN;

DROP FUNCTION store.end_overdue_runs;
DROP FUNCTION store.end_overdue_run;
DROP FUNCTION store.end_run;
DROP FUNCTION store.end_locked_run;
DROP FUNCTION store.lock_run;
DROP FUNCTION store.start_run;

COMMIT;
