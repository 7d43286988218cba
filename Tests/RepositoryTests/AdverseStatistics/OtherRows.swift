import FoundationEssentials
import Testing

/// A hundred thousand results, and many rows of every other kind, that no statement about a ``Subject`` has any business
/// with: all results are of one asset and one standard.
struct OtherRows: CustomTestStringConvertible {
  static let item = UUID(uuid: (1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16))

  /// How many histories share them.
  let histories: Int

  var testDescription: String { "\(histories) histories have all results" }

  private static let jobs = 20_000
  private static let runs = 2000

  /// What stays for the whole test: users with tokens, one of whom has all roles, and folders.
  static let directory = """
    INSERT INTO directory.users (user_name) SELECT 'other ' || n FROM generate_series(1, 5000) n;
    WITH opened AS (
        INSERT INTO auth.sessions (user_id, expires_at)
        SELECT user_id, now() + interval '1 hour' FROM directory.users WHERE user_name LIKE 'other %'
        RETURNING session_id, user_id, expires_at
    )
    INSERT INTO auth.access_tokens
    SELECT sha256(convert_to(session_id::text, 'UTF8')), session_id, user_id, expires_at FROM opened;
    INSERT INTO directory.roles (role_name) SELECT 'other ' || n FROM generate_series(1, 2000) n;
    INSERT INTO directory.folders (parent_id, folder_name)
    SELECT 'a55e7000-0000-4000-8000-000000000001', 'other ' || n FROM generate_series(1, 2000) n;
    INSERT INTO directory.role_tasks
    SELECT role_id, task FROM directory.roles, unnest(ARRAY['View assets', 'Collect data', 'View standards']) task
    WHERE role_name LIKE 'other %';
    INSERT INTO directory.folder_grants
    SELECT role_id, folder_id FROM directory.roles JOIN directory.folders ON folder_name = role_name;
    INSERT INTO directory.user_roles
    SELECT user_id, role_id FROM directory.users, directory.roles
    WHERE user_name = 'other 1' AND role_name LIKE 'other %';
    INSERT INTO directory.standards (standard_id, standard_name, folder_id)
    SELECT gen_random_uuid(), 'other ' || n, '57a2da2d-0000-4000-8000-000000000001' FROM generate_series(1, 2000) n
    """

  /// Jobs with and without histories, purged histories and assets. No job is due, no lease has expired.
  var load: String {
    """
    INSERT INTO directory.assets (asset_id, asset_name, asset_type, folder_id)
    SELECT gen_random_uuid(), 'other ' || n, 'Host', 'a55e7000-0000-4000-8000-000000000001'
    FROM generate_series(1, 20000) n;
    INSERT INTO store.purges (history_id, job_id, job_name, requested_by)
    SELECT gen_random_uuid(), gen_random_uuid(), 'other ' || n, 'tests' FROM generate_series(1, 5000) n;
    WITH jobs AS (
        INSERT INTO directory.jobs
            (job_name, job_type, created_by, next_run_at, run_count, last_run_status, last_run_at)
        SELECT 'other ' || n, 'CollectionJob', (SELECT user_id FROM directory.users WHERE user_name = 'other 1'),
               now() + interval '1 year', CASE WHEN n <= \(histories) THEN \(Self.runs / histories) ELSE 0 END,
               'Completed', now()
        FROM generate_series(1, \(Self.jobs)) n
        RETURNING history_id, run_count
    ), runs AS (
        INSERT INTO store.job_runs
            (history_id, run_id, status, triggered_by, message_count, lease_id, lease_expires_at, ends_at)
        SELECT history_id, gen_random_uuid(), CASE WHEN n > 1 THEN 'Completed' ELSE 'Running' END, 'tests', 5,
               gen_random_uuid(), now() + interval '1 hour', now() + interval '1 hour'
        FROM jobs, generate_series(1, run_count) n
        RETURNING history_id, run_id
    ), messages AS (
        INSERT INTO store.job_run_messages (history_id, run_id, row_number, severity, message)
        SELECT history_id, run_id, n, 'Information', '' FROM runs, generate_series(0, 4) n
    ), data AS (
        INSERT INTO store.collected_data (history_id, run_id, row_number, asset_id, data)
        SELECT history_id, run_id, n, '\(Self.item)', '{}' FROM runs, generate_series(0, 4) n
    )
    INSERT INTO store.evaluation_results
        (history_id, run_id, row_number, asset_id, standard_id, check_id, outcome)
    SELECT history_id, run_id, n, '\(Self.item)', '\(Self.item)', 'check', 'Pass'
    FROM runs, generate_series(0, 49) n
    """
  }

  static let remove = """
    DELETE FROM store.evaluation_results WHERE asset_id = '\(item)';
    DELETE FROM store.collected_data WHERE asset_id = '\(item)';
    DELETE FROM store.job_run_messages WHERE message = '';
    DELETE FROM store.job_runs
    WHERE history_id IN (SELECT history_id FROM directory.jobs WHERE job_name LIKE 'other %');
    DELETE FROM directory.jobs WHERE job_name LIKE 'other %';
    DELETE FROM store.purges WHERE job_name LIKE 'other %';
    DELETE FROM directory.assets WHERE asset_name LIKE 'other %'
    """
}
