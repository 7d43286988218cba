/// Why a collector's lease does not let it work on a run.
public enum LeaseFault: Sendable, Equatable {
  /// There is no such run; it may have been purged, or its job deleted.
  case notFound
  /// The run has ended with this status.
  case over(JobRun.Status)
  /// The lease is not the run's current one: it expired, or it never was.
  case lost
  /// The run cannot be completed: a batch that was begun under the lease is incomplete.
  case unfinished(ReportKind, batch: Int, rowsStored: Int)

  /// - Parameters:
  ///   - outcome: The word that the database's functions return.
  ///   - status: The run's; nil if there is none.
  /// - Returns: nil if the outcome is not one of these faults, or needs more than a status.
  public init?(outcome: String, status: String?) {
    switch (outcome, status.flatMap(JobRun.Status.init)) {
    case ("not found", _): self = .notFound
    case ("over", .some(let status)): self = .over(status)
    case ("lease lost", _): self = .lost
    default: return nil
    }
  }
}
