import Domain
import JSON

extension JobDefinition {
  /// Reads the body; its fields may come in any case.
  ///
  /// - Returns: nil if it is invalid; everything that is wrong is noted.
  static func read(
    _ node: JSONNode, _ problems: JSONProblems, limits: JobDetails.Limits
  ) -> JobDefinition? {
    let definition = ObjectReader.read(node, at: .root, problems, ignoringCase: true) { body in
      let details = body.node("JobDetails", required: true).flatMap {
        JobDetails.read($0, at: .root / "JobDetails", problems, for: .creation, limits: limits)
      }
      let rule = "must be one of \(Job.userTypes.joined(separator: ", "))"
      let type = body.value("JobType", required: true, rule: rule) { node in
        if case .text(let text) = node {
          Job.userTypes.first { $0.lowercased() == text.lowercased() }
        } else {
          nil
        }
      }
      guard let details, let name = details.name, let type else { return JobDefinition?.none }
      return JobDefinition(name: name, type: type, details: details)
    }
    return problems.all.isEmpty ? definition : nil
  }
}
