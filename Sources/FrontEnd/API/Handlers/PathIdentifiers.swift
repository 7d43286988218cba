import Domain
import FoundationEssentials

extension UUID {
  /// The run that a path names, as .NET's `Guid` accepts it.
  init(jobRunID text: String) throws(Problem) {
    guard let id = UUID(guid: text) else { throw Problem(400, "JobRunID is invalid.") }
    self = id
  }
}
