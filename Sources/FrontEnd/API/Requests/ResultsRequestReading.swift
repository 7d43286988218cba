import Domain
import JSON

extension ResultsRequest {
  /// Reads the request's body.
  ///
  /// - Parameter problems: Receives everything that is wrong.
  /// - Returns: To be ignored if there are problems.
  static func read(_ node: JSONNode, _ problems: JSONProblems) -> ResultsRequest? {
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
