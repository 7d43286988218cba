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
}
