import FoundationEssentials
import Repository

/// What a user may have of the searches under way: one who asks for much leaves connections to the database to the others.
/// What exceeds it waits, as long as the request may.
public struct SearchShares: Sendable {
  private let slots = KeyedSlots<UUID>()
  private let perUser: Int

  /// - Parameter perUser: Maximum number of concurrent searches of a user, from 1.
  public init(perUser: Int) { self.perUser = perUser }

  func search<Result>(
    for user: UUID, _ body: () async throws(RepositoryError) -> Result
  ) async throws(Refusal) -> Result {
    guard await slots.wait(for: user, limit: perUser) else { throw .timedOut }
    defer { slots.giveBack(user) }
    return try await refusing(body)
  }
}
