/// What a client requires of a job that it changes or deletes (RFC 9110, section 13.1).
public enum JobPrecondition: Sendable, Equatable {
  case none
  /// `If-Match`: the job's definition has one of these versions.
  case versions([Int])
  /// `If-None-Match: *`: there is no such job.
  case absent

  /// The versions of which the job must have one; nil for any. No job has one of none.
  var versions: [Int]? {
    switch self {
    case .none: nil
    case .versions(let versions): versions
    case .absent: []
    }
  }

  /// Why it does not hold for a job that exists.
  func refusal(job id: String) -> Refusal {
    switch self {
    case .absent: .preconditionFailed("The job \(id) exists, and If-None-Match: * requires that it does not.")
    case .none, .versions:
      .preconditionFailed(
        "The job \(id) has changed since: its ETag is none of those in If-Match. Read the job again.")
    }
  }
}
