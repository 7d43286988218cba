import Domain
import JSON

extension JobUpdate {
  /// Reads the body; its fields may come in any case.
  ///
  /// - Returns: nil if it is invalid; everything that is wrong is noted.
  static func read(
    _ node: JSONNode, _ problems: JSONProblems, limits: JobDetails.Limits
  ) -> JobUpdate? {
    let update = ObjectReader.read(node, at: .root, problems, ignoringCase: true) { body in
      let details = body.node("JobDetails", required: true).flatMap {
        JobDetails.read($0, at: .root / "JobDetails", problems, for: .update, limits: limits)
      }
      let id = body.guid("JobID", required: true)
      guard let details, let id else { return JobUpdate?.none }
      return JobUpdate(jobID: id, details: details)
    }
    return problems.all.isEmpty ? update : nil
  }
}
