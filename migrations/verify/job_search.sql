-- Verify ccs-jobstore:job_search on pg
BEGIN;

SELECT name_key, type_key FROM directory.jobs WHERE false;
SELECT name_key, type_key FROM directory.assets WHERE false;
SELECT name_key, version_key FROM directory.standards WHERE false;
SELECT 1 / (count(*) = 14)::integer
FROM pg_indexes
WHERE schemaname = 'directory'
    AND indexname IN (
        'jobs_searched_by_name', 'jobs_searched_by_type', 'jobs_searched_by_status', 'jobs_searched_by_creation',
        'jobs_searched_by_change', 'jobs_searched_by_last_run', 'jobs_of_the_system', 'jobs_by_text',
        'assets_searched_by_name', 'assets_searched_by_folder', 'assets_searched_by_type', 'assets_by_text',
        'standards_searched_by_name', 'standards_searched_by_folder'
    );

ROLLBACK;
