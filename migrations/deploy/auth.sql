-- Deploy ccs-jobstore:auth to pg
-- requires: directory
-- Tokens are stored as SHA-256 only: reading these tables does not yield a usable token.
BEGIN;

CREATE SCHEMA auth;
GRANT USAGE ON SCHEMA auth TO ccs_jobstore, ccs_jobstore_admin;

-- A session is one sign-in and all tokens refreshed from it: the token family of RFC 9700, section 4.14.2.
CREATE TABLE auth.sessions (
    session_id uuid        PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id    uuid        NOT NULL REFERENCES directory.users ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_user ON auth.sessions (user_id);
CREATE INDEX sessions_by_expiry ON auth.sessions (expires_at);

CREATE TABLE auth.access_tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id uuid        NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
    user_id    uuid        NOT NULL REFERENCES directory.users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
CREATE INDEX access_tokens_by_session ON auth.access_tokens (session_id);
CREATE INDEX access_tokens_by_user ON auth.access_tokens (user_id);

CREATE TABLE auth.refresh_tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id uuid        NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE INDEX refresh_tokens_by_session ON auth.refresh_tokens (session_id);

-- Keyed by the SHA-256 of what failed: a user name in lower case, known or not, or an address.
CREATE TABLE auth.failed_logins (
    subject_hash bytea       PRIMARY KEY CHECK (length(subject_hash) = 32),
    failures     integer     NOT NULL,
    last_failure timestamptz NOT NULL,
    closed_until timestamptz
);
CREATE INDEX failed_logins_by_time ON auth.failed_logins (last_failure);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA auth TO ccs_jobstore;
GRANT SELECT, DELETE ON auth.sessions, auth.failed_logins TO ccs_jobstore_admin;

COMMIT;
