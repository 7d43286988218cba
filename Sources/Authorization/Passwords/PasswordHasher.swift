import Dispatch
import FoundationEssentials
import Synchronization

/// Verifies passwords on a few threads of its own, so that a flood of logins cannot starve the rest.
public final class PasswordHasher: Sendable {
  enum Verdict: Sendable, Equatable {
    case wrong
    /// Right; and if the stored hash costs less than is asked for now, a new one to be stored.
    case right(rehashed: String?)
    /// Too many passwords wait already.
    case busy
  }

  private let parameters: ScryptParameters
  /// How many passwords may be hashed or wait at a time.
  let queueLimit: Int
  /// Serial queues: as many passwords are hashed at once.
  private let queues: [DispatchQueue]
  private let state = Mutex((waiting: 0, next: 0))
  /// What the password of a user who does not exist is checked against, at the same cost.
  private let decoy: PasswordHash

  /// - Parameters:
  ///   - threads: How many passwords are hashed at once, at least 1.
  ///   - queueLimit: How many may wait beside those.
  public init(parameters: ScryptParameters, threads: Int, queueLimit: Int) {
    self.parameters = parameters
    self.queueLimit = threads + queueLimit
    queues = (0..<threads).map { DispatchQueue(label: "password-hashing-\($0)") }
    decoy = PasswordHash(
      parameters: parameters, salt: [UInt8](repeating: 0, count: PasswordHash.saltLength),
      hash: [UInt8](repeating: 0, count: PasswordHash.hashLength))
  }

  /// - Parameter stored: The user's hash; nil for a user without one or an unknown user, which takes as long.
  func verify(_ password: [UInt8], against stored: String?) async -> Verdict {
    let queue = state.withLock { state -> DispatchQueue? in
      guard state.waiting < queueLimit else { return nil }
      state.waiting += 1
      state.next = (state.next + 1) % queues.count
      return queues[state.next]
    }
    guard let queue else { return .busy }
    defer { state.withLock { $0.waiting -= 1 } }
    let (decoy, parameters) = (decoy, parameters)
    return await withCheckedContinuation { continuation in
      queue.async {
        continuation.resume(returning: Self.verdict(password, stored, decoy, parameters))
      }
    }
  }

  /// Whether a stored hash costs as much as is asked for now.
  func isUpToDate(_ stored: String) -> Bool {
    PasswordHash(stored)?.parameters.isAtLeast(parameters) ?? false
  }

  private static func verdict(
    _ password: [UInt8], _ stored: String?, _ decoy: PasswordHash, _ parameters: ScryptParameters
  ) -> Verdict {
    // HMAC fills a short key up with NULs, so scrypt takes a password with NULs at its end for one without.
    guard !password.contains(0), let known = stored.flatMap({ PasswordHash($0) }) else {
      _ = try? decoy.matches(password)
      return .wrong
    }
    guard (try? known.matches(password)) == true else { return .wrong }
    guard !known.parameters.isAtLeast(parameters) else { return .right(rehashed: nil) }
    return .right(rehashed: try? PasswordHash.make(password, parameters: parameters))
  }
}
