import Domain
import JSON

extension JobCommand {
  /// Reads the body; its field and the word in it may be in any case.
  ///
  /// - Returns: nil if it is invalid; everything that is wrong is noted.
  static func read(_ node: JSONNode, _ problems: JSONProblems) -> JobCommand? {
    let command = ObjectReader.read(node, at: .root, problems, ignoringCase: true) { body in
      body.value("Operation", required: true, rule: "must be execute or abort") { node in
        if case .text(let text) = node { JobCommand(rawValue: text.lowercased()) } else { nil }
      }
    }
    return problems.all.isEmpty ? command : nil
  }
}
