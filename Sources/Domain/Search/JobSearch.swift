import FoundationEssentials

/// Search Jobs: what is searched for, and in which order it comes.
public struct JobSearch: Sendable, Equatable {
  /// The order of the answer.
  public enum Order: Sendable, Equatable {
    case name
    /// Oldest first: a job that gets a later time while a client pages is seen again, none is missed.
    case time(JobAttribute)
  }

  public let conditions: [JobCondition]

  public init(_ conditions: [JobCondition]) { self.conditions = conditions }

  /// By the time that the search bounds, else by name: so the jobs stand in the order of an index that leads
  /// straight to them, and a page is read from it without sorting.
  public var order: Order {
    for case .time(let attribute, let comparison, _) in conditions where comparison != .notEqual {
      return .time(attribute)
    }
    return .name
  }

  public var isByTime: Bool { order != .name }

  /// Where a job stands in the order.
  public func position(of job: Job) -> SearchPosition {
    switch order {
    case .name: .name(job.name, job.id)
    case .time(.jobCreationTime): .time(job.createdAt, job.id)
    case .time(.jobModifiedTime): .time(job.modifiedAt, job.id)
    case .time: .time(job.lastRunAt ?? .distantPast, job.id)
    }
  }

  /// The search in words, for its cursors.
  public var text: String { "Jobs " + conditions.map(\.description).joined(separator: ", ") }
}
