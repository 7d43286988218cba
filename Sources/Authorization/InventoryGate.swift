import Domain
import Repository

/// The searches for assets and standards.
public struct InventoryGate: Sendable {
  private let authorizer: Authorizer
  private let repository: Repository
  private let shares: SearchShares

  public init(repository: Repository, shares: SearchShares) {
    self.init(authorizer: Authorizer(repository: repository), repository: repository, shares: shares)
  }

  init(authorizer: Authorizer, repository: Repository, shares: SearchShares) {
    self.authorizer = authorizer
    self.repository = repository
    self.shares = shares
  }

  /// Search Assets: those in the folders that the caller has access to.
  public func assets(
    _ search: InventorySearch<AssetAttribute>, _ page: SearchPage, _ context: inout RequestContext
  ) async throws(Refusal) -> SearchResult<Asset> {
    let caller = try await authorizer.permit(.searchAssets, &context)
    let found = try await shares.search(for: caller.userID) { () async throws(RepositoryError) in
      try await repository.inventory.assets(search, page, for: caller.userID)
    }
    guard let found else { throw Self.unknown(search.container) }
    return found
  }

  /// Search Standards: those in the folders that the caller has access to.
  public func standards(
    _ search: InventorySearch<StandardAttribute>, _ page: SearchPage, _ context: inout RequestContext
  ) async throws(Refusal) -> SearchResult<Standard> {
    let caller = try await authorizer.permit(.searchStandards, &context)
    let found = try await shares.search(for: caller.userID) { () async throws(RepositoryError) in
      try await repository.inventory.standards(search, page, for: caller.userID)
    }
    guard let found else { throw Self.unknown(search.container) }
    return found
  }

  private static func unknown(_ container: ContainerPath?) -> Refusal {
    .notFound("The folder \"\(container?.description ?? "")\" does not exist, or you have no access to it.")
  }
}
