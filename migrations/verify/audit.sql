-- Verify ccs-jobstore:audit on pg
BEGIN;

\ir ../facts.sql
SELECT pg_temp.verify($$
grants schema audit: ccs_jobstore=USAGE; ccs_jobstore_admin=USAGE
columns audit.events: event_id bigint NOT NULL IDENTITY; occurred_at timestamp with time zone NOT NULL DEFAULT clock_timestamp(); user_id uuid; user_name text NOT NULL; operation text NOT NULL; job_id uuid; job_name text; request_id uuid; details jsonb; counted_since timestamp with time zone; counted_for text
indexes audit.events: INDEX events_by_job USING btree (job_id, occurred_at, event_id)
indexes audit.events: INDEX events_by_job_name USING btree (directory.folded(job_name), occurred_at, event_id)
indexes audit.events: INDEX events_by_operation USING btree (lower(operation), occurred_at, event_id)
indexes audit.events: INDEX events_by_user USING btree (directory.folded(user_name), occurred_at, event_id)
indexes audit.events: UNIQUE INDEX events_counted USING btree (counted_since, operation, counted_for) WHERE (counted_since IS NOT NULL)
indexes audit.events: UNIQUE INDEX events_pkey USING btree (occurred_at, event_id)
grants audit.events: ccs_jobstore=INSERT SELECT; ccs_jobstore_admin=INSERT SELECT
function audit.count_event(text,text,text,uuid,text,uuid,jsonb,bigint): (p_operation text, p_user_name text, p_kind text, p_job uuid, p_job_name text, p_request uuid, p_details jsonb, p_limit bigint) void VOLATILE SECURITY DEFINER search_path=pg_catalog, pg_temp enable_seqscan=off enable_bitmapscan=off jit=off
grants audit.count_event(text,text,text,uuid,text,uuid,jsonb,bigint): ccs_jobstore=EXECUTE
function audit.remove_events(bigint,bigint): (p_keep_days bigint, p_limit bigint, OUT removed bigint) bigint VOLATILE SECURITY DEFINER search_path=pg_catalog, pg_temp enable_seqscan=off enable_bitmapscan=off jit=off
grants audit.remove_events(bigint,bigint): ccs_jobstore=EXECUTE
$$);

ROLLBACK;
