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
  /// The jobs that fulfil all conditions, in the order of the search.
  public func search(
    _ search: JobSearch, _ page: SearchPage
  ) async throws(RepositoryError) -> SearchResult<Job> {
    try await pool.search(
      search.statement, page,
      {
        "\(Self.columns)JOIN (\n\($0)\n) found (place, found_id) ON found.found_id = j.job_id\nORDER BY found.place, found.found_id"
      },
      position: search.position, read: Self.job)
  }
}
