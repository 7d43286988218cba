import Domain
import Repository

/// The searches for jobs, assets and standards.
public struct SearchService: Sendable {
  private let repository: Repository

  public init(repository: Repository) { self.repository = repository }

  /// Search Jobs. Whoever may search sees all jobs.
  public func jobs(
    _ search: JobSearch, _ page: SearchPage, for principal: Principal
  ) async throws(Refusal) -> SearchResult<Job> {
    try Policy.permit(.searchJobs, for: principal)
    let found = try await refusing { () async throws(RepositoryError) in
      try await repository.jobs.search(search, page)
    }
    // A cursor goes on where the page ended; a number would leave out what did not fit.
    guard !found.isCut || page.start != .number else {
      throw .invalid(
        "The definitions of these jobs are too large for one page: at most \(found.items.count) fit. Ask for fewer with pagesize."
      )
    }
    return found
  }

  /// Search Assets: those in the folders that the caller has access to.
  public func assets(
    _ search: InventorySearch<AssetAttribute>, _ page: SearchPage, for principal: Principal
  ) async throws(Refusal) -> SearchResult<Asset> {
    try Policy.permit(.searchAssets, for: principal)
    let found = try await refusing { () async throws(RepositoryError) in
      try await repository.inventory.assets(search, page, granted: principal.folders)
    }
    guard let found else { throw Self.unknown(search.container) }
    return found
  }

  /// Search Standards: those in the folders that the caller has access to.
  public func standards(
    _ search: InventorySearch<StandardAttribute>, _ page: SearchPage, for principal: Principal
  ) async throws(Refusal) -> SearchResult<Standard> {
    try Policy.permit(.searchStandards, for: principal)
    let found = try await refusing { () async throws(RepositoryError) in
      try await repository.inventory.standards(search, page, granted: principal.folders)
    }
    guard let found else { throw Self.unknown(search.container) }
    return found
  }

  private static func unknown(_ container: ContainerPath?) -> Refusal {
    .notFound("The folder \"\(container?.description ?? "")\" does not exist, or you have no access to it.")
  }
}
