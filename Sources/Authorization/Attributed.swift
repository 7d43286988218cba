/// What an operation came to, and whose it was: where the look at the caller and the work are one step, a refusal has a
/// name to it, too.
public struct Attributed<Value: Sendable>: Sendable {
  /// nil if the token told nothing.
  public let user: String?
  public let outcome: Result<Value, Refusal>

  static func noting(
    _ body: (inout String?) async throws(Refusal) -> Value
  ) async -> Attributed {
    var user: String?
    do throws(Refusal) {
      let value = try await body(&user)
      return Attributed(user: user, outcome: .success(value))
    } catch {
      return Attributed(user: user, outcome: .failure(error))
    }
  }

  public func map<Other: Sendable>(_ transform: (Value) -> Other) -> Attributed<Other> {
    Attributed<Other>(user: user, outcome: outcome.map(transform))
  }
}
