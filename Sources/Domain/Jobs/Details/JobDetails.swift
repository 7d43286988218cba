import FoundationEssentials
import JSON

/// What a job does, for whom and when: the `JobDetails` of Create Job and Update Job, and the `Configuration` of
/// a directory file.
///
/// Every field is stored in a canonical form: its documented name, Booleans and integers as such, GUIDs hyphenated in lower
/// case. What the service itself uses is also available as Swift values.
public struct JobDetails: Sendable, Equatable {
  /// The fields in the order of the documentation; ``retention`` is ours.
  public enum Field: String, Sendable, CaseIterable {
    case assets = "AssetsResolutionInfo"
    case name = "JobName"
    case standards = "Standards"
    case description = "JobDescription"
    case isIncremental = "IsIncremental"
    case incrementalPeriod = "IncrementalPeriod"
    case timeOutHours = "CollectionOnlyTimeOutHours"
    case timeOutMinutes = "CollectionOnlyTimeOutMins"
    case sendsSuccessNotification = "ShouldSendSuccessNotification"
    case sendsFailureNotification = "ShouldSendFailureNotification"
    case successNotification = "SuccessNotification"
    case failureNotification = "FailureNotification"
    case schedule = "Schedule"
    case retention = "Retention"

    /// Whether every job has it.
    var isMandatory: Bool { self == .assets || self == .name || self == .standards }
  }

  /// A reference to an asset or a standard.
  public struct Item: Sendable, Equatable {
    public let id: UUID
    /// Where its GUID is in the body.
    public let pointer: JSONPointer
  }

  /// How much of a job's history is kept; nil leaves it to the server's settings.
  public struct Retention: Sendable, Equatable {
    /// The newest runs, 1…1,000,000.
    public let runs: Int?
    /// The age in days, 1…36,500.
    public let days: Int?

    public static let runRange = 1...1_000_000
    public static let dayRange = 1...36_500
  }

  /// The maximum lengths of the lists.
  public struct Limits: Sendable, Equatable {
    public var assets: Int
    public var standards: Int

    public init(assets: Int, standards: Int) {
      self.assets = assets
      self.standards = standards
    }

    public static let none = Limits(assets: .max, standards: .max)
  }

  public internal(set) var name: String?
  public internal(set) var description: String?
  /// Without duplicates; nil if the field is absent.
  public internal(set) var assets: [Item]?
  /// Without duplicates; nil if the field is absent.
  public internal(set) var standards: [Item]?
  public internal(set) var schedule: Schedule?
  public internal(set) var retention: Retention?
  /// Fields given as `null`: an update removes them.
  public internal(set) var removed: [Field] = []
  /// The fields that have a value, as JSON text in canonical form.
  public internal(set) var json = "{}"
}
