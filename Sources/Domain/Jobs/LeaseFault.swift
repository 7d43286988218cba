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
}
