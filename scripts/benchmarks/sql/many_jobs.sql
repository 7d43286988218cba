-- A fresh directory of %(count)s jobs without runs, of three types and five states, over a year.
TRUNCATE directory.jobs, store.job_runs, store.job_run_messages, store.collected_data, store.evaluation_results,
    store.purges, audit.events;

INSERT INTO directory.jobs (
    job_id, job_name, job_type, created_by, created_at, modified_at, last_run_status, last_run_at, configuration
)
SELECT gen_random_uuid(),
       CASE n %% 10 WHEN 7 THEN 'Estate job ' ELSE 'Audit of site ' || n %% 97 || ', job ' END || lpad(n::text, 8, '0'),
       (ARRAY['CollectionEvaluationJob', 'CollectionJob', 'EvaluationJob'])[n %% 3 + 1],
       %(user)s,
       timestamptz '2026-01-01 00:00:00Z' + n %% 31536 * interval '1000 seconds',
       timestamptz '2026-01-01 00:00:00Z' + n %% 31536 * interval '1000 seconds',
       (ARRAY['Completed', 'Completed', 'Completed', 'Failed', 'Aborted'])[n / 7 %% 5 + 1],
       timestamptz '2026-01-01 00:00:00Z' + n %% 31536 * interval '1000 seconds',
       '{"AssetsResolutionInfo": [], "Standards": []}'
FROM generate_series(0::bigint, %(count)s - 1) AS n;
