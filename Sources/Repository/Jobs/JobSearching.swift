import Domain
import FoundationEssentials
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
  /// About the most bytes of definitions and descriptions that are read at once. A definition can have thousands of assets,
  /// and a page a thousand jobs.
  public static let bytesRead = 262_144

  /// The jobs that meet all conditions, in the order of the search. Those beyond ``bytesRead`` are not whole: they have no
  /// configuration and no description.
  public func search(
    _ search: JobSearch, _ page: SearchPage
  ) async throws(RepositoryError) -> SearchResult<Job> {
    try await pool.search(
      search.statement, page, Self.page(ofRows:), position: search.position, read: Self.job,
      length: { (try $0(13, in: 0...), try $0(14)) })
  }

  /// The statement for a page of jobs, from the part that finds its rows.
  static func page(ofRows rows: String) -> String {
    """
    \(selection(
      description: "CASE WHEN found.is_whole THEN j.job_description ELSE '' END",
      configuration: "CASE WHEN found.is_whole THEN j.configuration::text END", "found.bytes", "found.is_whole"
    ))JOIN (
        SELECT s.place, s.found_id, s.bytes, coalesce(sum(s.bytes) OVER before, 0) < \(bytesRead) AS is_whole
        FROM (
            SELECT k.place, k.found_id,
                   coalesce(octet_length(d.configuration::text), 0) + octet_length(d.job_description) AS bytes
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

  /// Whole jobs, in the order of their identifiers; those that do not exist are left out.
  public func jobs(_ ids: [UUID]) async throws(RepositoryError) -> [Job] {
    let found = try await pool.rows(Self.byID(.uuids(ids)), Self.job)
    let byID = Dictionary(found.map { ($0.id, $0) }) { first, _ in first }
    return ids.compactMap { byID[$0] }
  }
}
