/// What a collector reports of a run, line by line.
public enum ReportKind: String, Sendable, CaseIterable {
  case messages
  case collectedData = "data"
  case results
}
