-- A fresh store: %(count)s jobs without runs, %(count)s with one run of ten results, and ten jobs that share %(results)s
-- results, a thousand runs' worth. All results are of one asset and one standard.
TRUNCATE directory.jobs, store.job_runs, store.job_run_messages, store.collected_data, store.evaluation_results,
    store.purges, audit.events;

INSERT INTO directory.jobs (job_id, job_name, job_type, created_by, run_count, last_run_status, last_run_at)
SELECT gen_random_uuid(), k.kind || ' job ' || n, 'Collection-Evaluation-Reporting', %(user)s, k.runs, k.status,
       CASE WHEN k.runs > 0 THEN now() END
FROM (
    VALUES ('Empty', 0, NULL, %(count)s), ('Small', 1, 'Completed', %(count)s), ('Other', 100, 'Completed', 10)
) AS k (kind, runs, status, jobs)
CROSS JOIN generate_series(1, k.jobs) AS n;

INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, started_at, ended_at)
SELECT j.history_id, gen_random_uuid(), 'Completed', 'BENCH\deleter', t, t + interval '2 seconds', t + interval '40 seconds'
FROM directory.jobs j
CROSS JOIN generate_series(1, j.run_count) AS n
CROSS JOIN LATERAL (SELECT now() - n * interval '1 hour' AS t) AS c;

INSERT INTO store.evaluation_results (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome, evidence)
SELECT r.history_id, r.run_id, k, 'a55e7be0-0000-4000-8000-000000000001', '57a2dbe0-0000-4000-8000-000000000001',
       'check-' || lpad(k::text, 4, '0'), 'Pass', 'Setting ' || k || ' is 700.'
FROM store.job_runs r
JOIN directory.jobs j USING (history_id)
CROSS JOIN generate_series(1, CASE WHEN j.run_count = 1 THEN 10 ELSE %(results)s / 1000 END) AS k;
