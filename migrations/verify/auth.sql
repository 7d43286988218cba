-- Verify ccs-jobstore:auth on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
grants schema auth: ccs_jobstore=USAGE; ccs_jobstore_admin=USAGE
columns auth.sessions: session_id uuid NOT NULL DEFAULT gen_random_uuid(); user_id uuid NOT NULL; created_at timestamp with time zone NOT NULL DEFAULT now(); expires_at timestamp with time zone NOT NULL
indexes auth.sessions: INDEX sessions_by_expiry USING btree (expires_at)
indexes auth.sessions: INDEX sessions_by_user USING btree (user_id)
indexes auth.sessions: UNIQUE INDEX sessions_pkey USING btree (session_id)
constraints auth.sessions: FOREIGN KEY (user_id) REFERENCES directory.users(user_id) ON DELETE CASCADE
grants auth.sessions: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=DELETE SELECT
columns auth.access_tokens: token_hash bytea NOT NULL; session_id uuid NOT NULL; user_id uuid NOT NULL; expires_at timestamp with time zone NOT NULL
indexes auth.access_tokens: INDEX access_tokens_by_expiry USING btree (expires_at)
indexes auth.access_tokens: INDEX access_tokens_by_session USING btree (session_id)
indexes auth.access_tokens: INDEX access_tokens_by_user USING btree (user_id)
indexes auth.access_tokens: UNIQUE INDEX access_tokens_pkey USING btree (token_hash)
constraints auth.access_tokens: CHECK ((length(token_hash) = 32))
constraints auth.access_tokens: FOREIGN KEY (session_id) REFERENCES auth.sessions(session_id) ON DELETE CASCADE
constraints auth.access_tokens: FOREIGN KEY (user_id) REFERENCES directory.users(user_id) ON DELETE CASCADE
grants auth.access_tokens: ccs_jobstore=DELETE INSERT SELECT UPDATE
columns auth.refresh_tokens: token_hash bytea NOT NULL; session_id uuid NOT NULL; expires_at timestamp with time zone NOT NULL; used_at timestamp with time zone
indexes auth.refresh_tokens: INDEX refresh_tokens_by_expiry USING btree (expires_at)
indexes auth.refresh_tokens: INDEX refresh_tokens_by_session USING btree (session_id)
indexes auth.refresh_tokens: UNIQUE INDEX refresh_tokens_pkey USING btree (token_hash)
constraints auth.refresh_tokens: CHECK ((length(token_hash) = 32))
constraints auth.refresh_tokens: FOREIGN KEY (session_id) REFERENCES auth.sessions(session_id) ON DELETE CASCADE
grants auth.refresh_tokens: ccs_jobstore=DELETE INSERT SELECT UPDATE
columns auth.failed_logins: name_hash bytea NOT NULL; network_hash bytea NOT NULL; counted_at timestamp with time zone NOT NULL; forgotten_at timestamp with time zone NOT NULL
indexes auth.failed_logins: INDEX failed_logins_by_end USING btree (forgotten_at)
indexes auth.failed_logins: UNIQUE INDEX failed_logins_pkey USING btree (name_hash, network_hash)
constraints auth.failed_logins: CHECK ((length(name_hash) = ANY (ARRAY[0, 32])))
constraints auth.failed_logins: CHECK ((length(network_hash) = ANY (ARRAY[0, 32])))
grants auth.failed_logins: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=DELETE SELECT
columns auth.known_networks: user_id uuid NOT NULL; network_hash bytea NOT NULL; last_login timestamp with time zone NOT NULL
indexes auth.known_networks: INDEX known_networks_by_time USING btree (last_login)
indexes auth.known_networks: UNIQUE INDEX known_networks_pkey USING btree (user_id, network_hash)
constraints auth.known_networks: CHECK ((length(network_hash) = 32))
constraints auth.known_networks: FOREIGN KEY (user_id) REFERENCES directory.users(user_id) ON DELETE CASCADE
grants auth.known_networks: ccs_jobstore=DELETE INSERT SELECT UPDATE; ccs_jobstore_admin=DELETE SELECT
$$);

ROLLBACK;
