import Domain
import FoundationEssentials

// Identifiers in paths and queries, as .NET's `Guid` accepts them.

extension UUID {
  init(jobID text: String) throws(Problem) {
    guard let id = UUID(guid: text) else { throw .invalidJobID }
    self = id
  }

  init(jobRunID text: String) throws(Problem) {
    guard let id = UUID(guid: text) else { throw .invalidJobRunID }
    self = id
  }
}

extension Problem {
  static let invalidJobID = Problem(400, "JobID is invalid.")
  static let invalidJobRunID = Problem(400, "JobRunID is invalid.")
}
