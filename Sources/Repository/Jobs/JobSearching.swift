import Domain
import Postgres

extension JobAttribute: SearchColumns {
  var column: SearchColumn {
    switch self {
    case .jobName: .text("j.name_key")
    case .jobID: .identifier("j.job_id")
    case .jobCategory:
      .flag(
        "j.is_system", ifTrue: Job.Category.system.rawValue, ifFalse: Job.Category.userDefined.rawValue)
    case .jobType: .text("j.type_key")
    case .jobCreationTime: .time("j.created_at", isOptional: false)
    case .jobModifiedTime: .time("j.modified_at", isOptional: false)
    case .lastRunStatus: .word("j.last_run_status", JobRun.Status.allCases.map(\.rawValue))
    case .lastRunDate: .time("j.last_run_at", isOptional: true)
    }
  }
}

extension JobSearch {
  var statement: SearchStatement {
    let key =
      switch order {
      case .name: "j.name_key"
      case .time(.jobCreationTime): "j.created_at"
      case .time(.jobModifiedTime): "j.modified_at"
      case .time: "j.last_run_at"
      }
    return SearchStatement(table: "directory.jobs j", order: [key, "j.job_id"], conditions: conditions)
  }
}

extension Jobs {
  /// The most bytes of definitions on a page, before its last job. A definition can have thousands of assets, and a page a
  /// thousand jobs.
  static let pageBytes = 16 * 1024 * 1024

  /// The jobs that meet all conditions, in the order of the search. A page ends early if its definitions exceed
  /// ``pageBytes``; it has at least one job.
  public func search(
    _ search: JobSearch, _ page: SearchPage
  ) async throws(RepositoryError) -> SearchResult<Job> {
    try await pool.search(
      search.statement, page, Self.page(ofRows:), position: search.position, read: Self.job,
      fits: { try $0(13) })
  }

  /// The statement for a page of jobs, from the part that finds its rows.
  static func page(ofRows rows: String) -> String {
    """
    \(selection(configuration: "CASE WHEN found.fits THEN j.configuration::text END", "found.fits"))JOIN (
        SELECT s.place, s.found_id, coalesce(sum(s.bytes) OVER before, 0) < \(pageBytes) AS fits
        FROM (
            SELECT k.place, k.found_id, octet_length(d.configuration::text) AS bytes
            FROM (
    \(rows)
            ) k (place, found_id)
            JOIN directory.jobs d ON d.job_id = k.found_id
        ) s
        WINDOW before AS (ORDER BY s.place, s.found_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    ) found ON found.found_id = j.job_id
    ORDER BY found.place, found.found_id
    """
  }
}
