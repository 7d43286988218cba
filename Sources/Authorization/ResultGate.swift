import Domain
import Repository

/// The results of evaluations.
public struct ResultGate: Sendable {
  private let authorizer: Authorizer
  private let repository: Repository
  /// Maximum number of checks in an answer.
  private let maximumChecks: Int
  private let shares: SearchShares

  public init(repository: Repository, maximumChecks: Int, shares: SearchShares) {
    self.init(
      authorizer: Authorizer(repository: repository), repository: repository, maximumChecks: maximumChecks,
      shares: shares)
  }

  init(authorizer: Authorizer, repository: Repository, maximumChecks: Int, shares: SearchShares) {
    self.authorizer = authorizer
    self.repository = repository
    self.maximumChecks = maximumChecks
    self.shares = shares
  }

  /// Get Evaluation Results of an asset and a standard, which must lie in folders that the caller has access to.
  public func results(
    _ request: ResultsRequest, _ context: inout RequestContext
  ) async throws(Refusal) -> ResultListing {
    let caller = try await authorizer.permit(.getEvaluationResults, &context)
    let access = try await refusing { () async throws(RepositoryError) in
      try await repository.inventory.access(
        of: caller.userID, asset: request.asset, standard: request.standard)
    }
    let (asset, standard) = (request.asset.guidString, request.standard.guidString)
    guard let seesAsset = access.asset else { throw .notFound("The asset \(asset) does not exist.") }
    guard let seesStandard = access.standard else {
      throw .notFound("The standard \(standard) does not exist.")
    }
    guard seesAsset else {
      throw .forbidden("The asset \(asset) is in a folder that you have no access to.")
    }
    guard seesStandard else {
      throw .forbidden("The standard \(standard) is in a folder that you have no access to.")
    }
    let answer = try await shares.search(for: caller.userID) { () async throws(RepositoryError) in
      try await repository.results.find(request, limit: maximumChecks)
    }
    switch answer {
    case .results(let found): return ResultListing(found, repository.results)
    case .noRun: throw .notFound("The job run \(request.run?.guidString ?? "") does not exist.")
    case .noResults:
      throw .notFound("There are no such results of the asset \(asset) and the standard \(standard).")
    case .tooMany:
      throw .invalid("There are more than \(maximumChecks) results; ask for some of them with checkidlist.")
    }
  }
}
