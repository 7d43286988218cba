/// What a collector reports of a run, one JSON object a line.
public enum ReportKind: String, Sendable, CaseIterable {
  case messages
  case collectedData = "data"
  case results
}
