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
COMMENT ON TABLE auth.sessions IS 'Bounded by tokens.refreshLifetimeSeconds after the last refresh: expired ones are swept';
CREATE INDEX sessions_by_user ON auth.sessions (user_id);
CREATE INDEX sessions_by_expiry ON auth.sessions (expires_at);

CREATE TABLE auth.access_tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id uuid        NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
    user_id    uuid        NOT NULL REFERENCES directory.users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE auth.access_tokens IS 'Bounded by tokens.accessLifetimeSeconds: expired tokens are swept';
CREATE INDEX access_tokens_by_session ON auth.access_tokens (session_id);
CREATE INDEX access_tokens_by_user ON auth.access_tokens (user_id);
CREATE INDEX access_tokens_by_expiry ON auth.access_tokens (expires_at);

CREATE TABLE auth.refresh_tokens (
    token_hash bytea       PRIMARY KEY CHECK (length(token_hash) = 32),
    session_id uuid        NOT NULL REFERENCES auth.sessions ON DELETE CASCADE,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
COMMENT ON TABLE auth.refresh_tokens IS 'Bounded by tokens.refreshLifetimeSeconds: expired tokens are swept';
CREATE INDEX refresh_tokens_by_session ON auth.refresh_tokens (session_id);
CREATE INDEX refresh_tokens_by_expiry ON auth.refresh_tokens (expires_at);

-- Failed logins, counted for a name from a network, for a name from all networks (network_hash is empty) and for a network
-- over all names (name_hash is empty). Hashes are SHA-256, of names by directory.folded, known or not. Each failure moves
-- forgotten_at by the time in which one failure is forgotten; then the row has no effect.
CREATE TABLE auth.failed_logins (
    name_hash    bytea       NOT NULL CHECK (length(name_hash) IN (0, 32)),
    network_hash bytea       NOT NULL CHECK (length(network_hash) IN (0, 32)),
    counted_at   timestamptz NOT NULL,
    forgotten_at timestamptz NOT NULL,
    PRIMARY KEY (name_hash, network_hash)
);
COMMENT ON TABLE auth.failed_logins IS 'Bounded by 100,000 rows, and three for each failure since the last sweep';
CREATE INDEX failed_logins_by_end ON auth.failed_logins (forgotten_at);

-- Networks from which a user has signed in with a password: failures elsewhere do not delay the user there.
CREATE TABLE auth.known_networks (
    user_id      uuid        NOT NULL REFERENCES directory.users ON DELETE CASCADE,
    network_hash bytea       NOT NULL CHECK (length(network_hash) = 32),
    last_login   timestamptz NOT NULL,
    PRIMARY KEY (user_id, network_hash)
);
COMMENT ON TABLE auth.known_networks IS 'Bounded by 100 networks a user, and by 90 days after the last login from one';
CREATE INDEX known_networks_by_time ON auth.known_networks (last_login);

GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA auth TO ccs_jobstore;
GRANT SELECT, DELETE ON auth.sessions, auth.failed_logins, auth.known_networks TO ccs_jobstore_admin;

COMMIT;
