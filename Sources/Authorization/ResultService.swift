import Domain
import Repository

/// What evaluations have found out.
public struct ResultService: Sendable {
  private let repository: Repository
  /// The most checks that are answered at once.
  private let maximumChecks: Int

  public init(repository: Repository, maximumChecks: Int) {
    self.repository = repository
    self.maximumChecks = maximumChecks
  }

  /// Get Evaluation Results of an asset and a standard, which must lie in folders that the caller has access to.
  public func results(
    _ request: ResultsRequest, for principal: Principal
  ) async throws(Refusal) -> EvaluationResults {
    try Policy.permit(.getEvaluationResults, for: principal)
    let access = try await refusing { () async throws(RepositoryError) in
      try await repository.inventory.isWithin(
        folders: principal.folders, asset: request.asset, standard: request.standard)
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
    let answer = try await refusing { () async throws(RepositoryError) in
      try await repository.results.find(request, limit: maximumChecks)
    }
    switch answer {
    case .results(let results): return results
    case .noRun: throw .notFound("The job run \(request.run?.guidString ?? "") does not exist.")
    case .noResults:
      throw .notFound("There are no such results of the asset \(asset) and the standard \(standard).")
    case .tooMany:
      throw .invalid("There are more than \(maximumChecks) results; ask for some of them with checkidlist.")
    }
  }
}
