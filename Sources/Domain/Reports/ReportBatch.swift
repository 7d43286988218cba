import FoundationEssentials

/// One batch of a report: what a collector sends of one kind in one request.
public struct ReportBatch: Sendable, Equatable {
  public var kind: ReportKind
  public var runID: UUID
  /// What the collector proves itself by.
  public var lease: UUID
  /// Counts from 1 for each kind of a run.
  public var number: Int

  public init(kind: ReportKind, runID: UUID, lease: UUID, number: Int) {
    self.kind = kind
    self.runID = runID
    self.lease = lease
    self.number = number
  }

  /// How it stands.
  public enum Standing: Sendable, Equatable {
    case open(Open)
    /// All of it is stored already, under the same lease.
    case stored
    /// A collector that had the run before has stored a batch of this number; another one is due.
    case inherited(expected: Int)
    /// Another one is due.
    case outOfOrder(expected: Int)
    /// More rows of it are stored than were sent: it was another batch then.
    case longer(rowsStored: Int)
    case notFound
    case over(JobRun.Status)
    /// The run of this job had taken longer than the job allows, and was ended just now because of it.
    case overdue(jobID: UUID)
    case leaseLost
  }

  /// A batch that is to be stored.
  public struct Open: Sendable, Equatable {
    public var historyID: UUID
    /// The number that its first row has or is to have, unless something else is written to the run meanwhile.
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
