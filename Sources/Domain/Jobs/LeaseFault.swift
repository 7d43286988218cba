/// Why a collector may not do anything with a run, although it names a lease.
public enum LeaseFault: Sendable, Equatable {
  /// There is no such run. It may have been purged, or its job deleted.
  case notFound
  /// The run has ended, in this way.
  case over(JobRun.Status)
  /// The lease is not the run's: it ran out and the run was claimed again, or it never was.
  case lost
  /// The run cannot be completed: of a batch that was begun under the lease the end is missing.
  case unfinished(ReportKind, batch: Int, rowsStored: Int)

  /// - Parameters:
  ///   - outcome: As the database's functions say it.
  ///   - status: The run's; nil if there is none.
  /// - Returns: nil if the outcome is none of these faults, or needs more than a status.
  public init?(outcome: String, status: String?) {
    switch (outcome, status.flatMap(JobRun.Status.init)) {
    case ("not found", _): self = .notFound
    case ("over", .some(let status)): self = .over(status)
    case ("lease lost", _): self = .lost
    default: return nil
    }
  }
}
