import Observability
import Testing

@Suite("Log levels")
struct LogLevelTests {
  @Test("Levels are ordered debug, info, warning, error, and bear those names")
  func order() {
    #expect(LogLevel.allCases.sorted().map(\.rawValue) == ["debug", "info", "warning", "error"])
    #expect(LogLevel(rawValue: "warning") == .warning)
    #expect(LogLevel(rawValue: "loud") == nil)
  }

  @Test(
    "A request is an error only if the failure is ours",
    arguments: [("ok", LogLevel.info), ("refused", .info), ("disconnected", .info), ("failed", .error)])
  func requests(outcome: String, level: LogLevel) {
    #expect(Observation.request(deletion(outcome: outcome)).level == level)
  }

  @Test(
    "A certificate is a warning in its last 21 days and an error once it has expired",
    arguments: [(21, LogLevel.info), (20.9, .warning), (0.1, .warning), (0, .error), (-3, .error)])
  func certificates(days: Double, level: LogLevel) {
    #expect(Observation.certificate(expiresInDays: days, subject: "CN=ccs").level == level)
  }

  @Test("Every kind of observation has the level an operator would give it")
  func everyCase() {
    let levels = everyObservation.map(\.level)
    #expect(
      levels == [
        .info, .warning, .info, .warning, .info, .debug, .info, .error, .info, .warning, .error, .info, .info,
        .info, .error, .info, .info, .info, .error, .warning, .debug, .info, .info, .error,
        .info, .warning, .error, .info, .warning, .warning, .info,
      ])
  }
}
