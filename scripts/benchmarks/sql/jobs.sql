-- A fresh store of %(count)s jobs with two runs and ten results each, created by one user; nothing else is in it.
-- The jobs' IDs are scattered over their index, and known from their place n (see wrk/delete.lua). Runs' IDs sort by
-- time, as the service makes them; the rows lie in the order in which they came to be.
TRUNCATE directory.jobs, store.job_runs, store.job_run_messages, store.collected_data, store.evaluation_results,
    store.purges, audit.events;

INSERT INTO directory.jobs (job_id, job_name, job_type, created_by, run_count, last_run_status, last_run_at)
SELECT (lpad(to_hex(n * 2654435761 %% 4294967296), 8, '0') || '-be7c-4000-8000-' || lpad(to_hex(n), 12, '0'))::uuid,
       'Benchmark job ' || n, 'Collection-Evaluation-Reporting', %(user)s, 2, 'Completed', now()
FROM generate_series(0::bigint, %(count)s - 1) AS n;

INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, started_at, ended_at)
SELECT j.history_id,
       (lpad(to_hex(1767225600000 + row_number() OVER ()), 12, '0') || '7' || substr(m, 1, 3)
           || '8' || substr(m, 4, 15))::uuid,
       'Completed', 'BENCH\deleter', t, t + interval '2 seconds', t + interval '40 seconds'
FROM directory.jobs j
CROSS JOIN generate_series(1, 2) AS r
CROSS JOIN LATERAL (SELECT md5(j.history_id::text || r) AS m, now() - r * interval '1 day' AS t) AS c;

INSERT INTO store.evaluation_results (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome, evidence)
SELECT r.history_id, r.run_id, k, 'a55e7be0-0000-4000-8000-000000000001', '57a2dbe0-0000-4000-8000-000000000001',
       'check-' || lpad(k::text, 4, '0'), CASE WHEN k = 4 THEN 'Fail' ELSE 'Pass' END, 'Setting ' || k || ' is 700.'
FROM store.job_runs r
CROSS JOIN generate_series(0, 4) AS k;
