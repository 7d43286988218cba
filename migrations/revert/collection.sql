-- Revert ccs-jobstore:collection from pg
BEGIN;

DROP FUNCTION store.release_lost_runs;
DROP FUNCTION store.renew_lease;
DROP FUNCTION store.claim_runs;
DROP FUNCTION store.lost_collector;

COMMIT;
