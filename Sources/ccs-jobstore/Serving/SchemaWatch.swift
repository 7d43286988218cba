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
  /// - Parameter refused: Is passed the database's message if it answers with an error, once for each message.
  /// - Returns: The schema that was found; nil if the task was cancelled.
  func check(refused: (String) -> Void) async -> DeployedSchema? {
    var former = ""
    while !Task.isCancelled {
      do throws(RepositoryError) {
        let found = try await DeployedSchema.found(pool)
        state.withLock { $0 = found.isUsable ? .expected : .wrong }
        return found
      } catch {
        if error.isFault, "\(error)" != former {
          former = "\(error)"
          refused(former)
        }
      }
      try? await Task.sleep(for: .milliseconds(200))
    }
    return nil
  }
}
