import Postgres
import Repository
import Synchronization

/// What is known of the database's schema.
final class SchemaWatch: Sendable {
  private enum State: Sendable, Equatable {
    case unknown
    case expected
    case wrong
  }

  private let pool: Pool
  private let state = Mutex(State.unknown)

  init(pool: Pool) { self.pool = pool }

  var isWrong: Bool { state.withLock { $0 == .wrong } }

  /// Returns once the schema is the expected one, or the task is cancelled.
  func untilExpected() async {
    while state.withLock({ $0 != .expected }), !Task.isCancelled {
      try? await Task.sleep(for: .milliseconds(50))
    }
  }

  /// Asks the database, every 200 ms until it answers.
  ///
  /// - Returns: The schema that was found, if it is not the expected one; nil if it is, or the task was cancelled.
  func check() async -> String? {
    while !Task.isCancelled {
      if let found = try? await DeployedSchema.found(pool) {
        state.withLock { $0 = found.isUsable ? .expected : .wrong }
        return found.isUsable ? nil : found.description
      }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return nil
  }
}
