import FoundationEssentials

/// A search for jobs: its conditions and its order.
public struct JobSearch: Sendable, Equatable {
  /// The order of the answer.
  public enum Order: Sendable, Equatable {
    case name
    /// Oldest first: a job whose time changes while a client pages appears twice, none is missed.
    case time(JobAttribute)
  }

  public let conditions: [JobCondition]

  public init(_ conditions: [JobCondition]) { self.conditions = conditions }

  /// By the time that the search bounds, otherwise by name: so an index has the jobs in this order, and a page is read
  /// from it without sorting.
  public var order: Order {
    for case .time(let attribute, let comparison, _) in conditions where comparison != .notEqual {
      return .time(attribute)
    }
    return .name
  }

  public var isByTime: Bool { order != .name }

  /// The position of a job in the order.
  public func position(of job: Job) -> SearchPosition {
    switch order {
    case .name: .name(job.name, job.id)
    case .time(.jobCreationTime): .time(job.createdAt, job.id)
    case .time(.jobModifiedTime): .time(job.modifiedAt, job.id)
    case .time: .time(job.lastRunAt ?? .distantPast, job.id)
    }
  }

  /// The search as text, for its cursors.
  public var text: String { "Jobs " + conditions.map(\.description).joined(separator: ", ") }
}
