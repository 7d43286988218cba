/// The counts of an import, by kind.
public struct ImportSummary: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case folders = "Folders"
    case assets = "Assets"
    case standards = "Standards"
    case roles = "Roles"
    case users = "Users"
    case jobs = "Jobs"
    case runs = "Runs"
    case messages = "Messages"
    case collectedData = "Collected data"
    case results = "Results"
  }

  public struct Counts: Sendable, Equatable {
    public var added = 0
    public var changed = 0
    /// Existing, and equal to the file's.
    public var unchanged = 0

    public init(added: Int = 0, changed: Int = 0, unchanged: Int = 0) {
      self.added = added
      self.changed = changed
      self.unchanged = unchanged
    }
  }

  private var counts: [Kind: Counts] = [:]

  public init() {}

  public subscript(kind: Kind) -> Counts {
    get { counts[kind] ?? Counts() }
    set { counts[kind] = newValue }
  }

  /// Whether anything was added or changed.
  public var hasEffect: Bool { counts.values.contains { $0.added > 0 || $0.changed > 0 } }
}

/// The progress of inventing history, the long part of an import.
public struct ImportProgress: Sendable, Equatable {
  /// The job whose runs are invented.
  public var jobName: String
  public var rowsDone: Int
  public var rowsInAll: Int
}
