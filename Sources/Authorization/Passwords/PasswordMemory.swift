import FoundationEssentials
import Synchronization

/// The remembered passwords of this process, under a key that lives in its memory only. It outlasts reloads, so
/// that the daemons which still serve the settings before a reload have none of their own.
public final class PasswordMemory: Sendable {
  /// Maximum number of users whose passwords are remembered; about 200 bytes each.
  private static let limit = 10_000

  private struct State {
    var lifetime: Duration = .zero
    /// nil: nothing is remembered.
    var passwords: RememberedPasswords?
  }

  private let epoch = ContinuousClock.now
  private let state = Mutex(State())

  public init() {}

  private var now: Duration { epoch.duration(to: .now) }

  /// Sets how long passwords are remembered. A change discards all of them, and the key.
  ///
  /// - Parameter lifetime: Zero: nothing is remembered.
  public func setLifetime(_ lifetime: Duration) {
    state.withLock { state in
      guard state.lifetime != lifetime else { return }
      state.lifetime = lifetime
      // Without random bytes there is no key, and then nothing is remembered.
      let key = lifetime > .zero ? try? EphemeralKey() : nil
      state.passwords = key.map { RememberedPasswords(key: $0, lifetime: lifetime, limit: Self.limit) }
    }
  }

  /// Whether this is a password that was found right against `stored` recently.
  func knows(_ password: [UInt8], of user: UUID, stored: String) -> Bool {
    state.withLock { $0.passwords?.knows(password, of: user, stored: stored, now: now) ?? false }
  }

  /// Remembers a password that was found right against `stored`.
  func remember(_ password: [UInt8], of user: UUID, stored: String) {
    state.withLock { $0.passwords?.remember(password, of: user, stored: stored, now: now) }
  }
}
