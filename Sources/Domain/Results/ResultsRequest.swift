import FoundationEssentials

/// The body of Get Evaluation Results.
public struct ResultsRequest: Sendable, Equatable {
  public let asset: UUID
  public let standard: UUID
  /// nil: the latest completed run with such results.
  public let run: UUID?
  /// nil: any.
  public let standardVersion: String?
  /// nil: all.
  public let checks: [String]?

  public init(asset: UUID, standard: UUID, run: UUID?, standardVersion: String?, checks: [String]?) {
    self.asset = asset
    self.standard = standard
    self.run = run
    self.standardVersion = standardVersion
    self.checks = checks
  }
}
