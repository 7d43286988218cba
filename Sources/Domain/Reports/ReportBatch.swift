import FoundationEssentials

/// A batch of a report: the rows of one kind in one request.
public struct ReportBatch: Sendable, Equatable {
  public var kind: ReportKind
  public var runID: UUID
  /// Proves that the collector holds the run.
  public var lease: UUID
  /// Counts from 1 for each kind of a run.
  public var number: Int

  public init(kind: ReportKind, runID: UUID, lease: UUID, number: Int) {
    self.kind = kind
    self.runID = runID
    self.lease = lease
    self.number = number
  }

  /// What the store knows of a batch.
  public enum Standing: Sendable, Equatable {
    case open(Open)
    /// It is completely stored already, under the same lease.
    case stored
    /// A previous collector has stored a batch with this number; another one is expected.
    case inherited(expected: Int)
    /// Another one is expected.
    case outOfOrder(expected: Int)
    /// More rows of it are stored than were sent, so it was a different batch.
    case longer(rowsStored: Int)
    case notFound
    case over(JobRun.Status)
    /// The run took longer than its job allows and has just been ended for it.
    case overdue(jobID: UUID)
    case leaseLost
  }

  /// A batch to be stored.
  public struct Open: Sendable, Equatable {
    public var historyID: UUID
    /// The number of its first row, unless something else is written to the run meanwhile.
    public var firstRow: Int
    /// How many of its rows are stored already.
    public var rowsStored: Int

    public init(historyID: UUID, firstRow: Int, rowsStored: Int) {
      self.historyID = historyID
      self.firstRow = firstRow
      self.rowsStored = rowsStored
    }
  }
}
