-- Verify ccs-jobstore:auth on pg
BEGIN;

SELECT session_id, user_id, created_at, expires_at FROM auth.sessions WHERE false;
SELECT token_hash, session_id, user_id, expires_at FROM auth.access_tokens WHERE false;
SELECT token_hash, session_id, expires_at, used_at FROM auth.refresh_tokens WHERE false;
SELECT subject_hash, failures, last_failure, closed_until FROM auth.failed_logins WHERE false;

ROLLBACK;
