-- A fresh store of one job with %(count)s runs, and of one with a single run, for those who read meanwhile.
TRUNCATE directory.jobs, store.job_runs, store.job_run_messages, store.collected_data, store.evaluation_results,
    store.purges, audit.events;

INSERT INTO directory.jobs (job_id, job_name, job_type, created_by, run_count, last_run_status, last_run_at)
VALUES (%(large)s, 'The large job', 'Collection-Evaluation-Reporting', %(user)s, %(count)s, 'Completed', now()),
       (%(other)s, 'The other job', 'Collection-Evaluation-Reporting', %(user)s, 1, 'Completed', now());

INSERT INTO store.job_runs (history_id, run_id, status, triggered_by, queued_at, started_at, ended_at)
SELECT j.history_id,
       (lpad(to_hex(1767225600000 + n * 1000), 12, '0') || '7' || substr(md5(n::text), 1, 3)
           || '8' || substr(md5(n::text), 4, 15))::uuid,
       'Completed', 'BENCH\deleter', t, t + interval '2 seconds', t + interval '40 seconds'
FROM directory.jobs j
CROSS JOIN LATERAL generate_series(1, j.run_count) AS n
CROSS JOIN LATERAL (SELECT timestamptz '2026-01-01 00:00:00Z' + n * interval '1 second' AS t) AS c;
