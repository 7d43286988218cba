import FoundationEssentials
import JSON

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

  /// Reads the request's body.
  ///
  /// - Parameter problems: Receives everything that is wrong.
  /// - Returns: To be ignored if there are problems.
  public static func read(_ node: JSONNode, _ problems: JSONProblems) -> ResultsRequest? {
    ObjectReader.read(node, at: .root, problems, ignoringCase: true) { reader in
      let asset = reader.guid("assetid", required: true)
      let standard = reader.guid("standardid", required: true)
      let run = reader.node("jobrunid") == .text("") ? nil : reader.guid("jobrunid")
      // Some clients send an empty text or list for none.
      let version = reader.text("standardversion").flatMap { $0.isEmpty ? nil : $0 }
      let checks = reader.list("checkidlist") { node, pointer in reader.text(node, at: pointer, notEmpty) }
      guard let asset, let standard else { return nil }
      let filter = checks.flatMap { $0.isEmpty ? nil : $0 }
      return ResultsRequest(
        asset: asset, standard: standard, run: run, standardVersion: version, checks: filter)
    }
  }

  private static func notEmpty(_ text: String) -> String? { text.isEmpty ? "must not be empty" : nil }
}
