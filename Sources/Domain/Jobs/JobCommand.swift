/// The body of Job Operation: what to do.
public enum JobCommand: String, Sendable, CaseIterable {
  /// Start a run of the job now.
  case execute
  /// End an unfinished run.
  case abort
}
