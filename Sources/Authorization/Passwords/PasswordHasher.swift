import Dispatch
import FoundationEssentials
import Synchronization

/// Verifies passwords on a few threads of its own, so that a flood of logins cannot starve the rest.
public final class PasswordHasher: Sendable {
  enum Verdict: Sendable, Equatable {
    case wrong
    /// Right; with a new hash to be stored if the stored one has a lower cost than is configured.
    case right(rehashed: String?)
    /// Too many passwords are queued already, or the task was cancelled while this one was.
    case busy
  }

  private final class Request: Sendable {
    private let cancelled = Atomic(false)
    var isCancelled: Bool { cancelled.load(ordering: .relaxed) }
    func cancel() { cancelled.store(true, ordering: .relaxed) }
  }

  private let parameters: ScryptParameters
  /// Maximum number of passwords being hashed or queued.
  let queueLimit: Int
  /// Serial queues, one for each thread.
  private let queues: [DispatchQueue]
  private let state = Mutex((waiting: 0, next: 0))
  /// What the password of an unknown user is checked against, at the same cost.
  private let decoy: PasswordHash

  /// - Parameters:
  ///   - threads: Number of passwords hashed concurrently, from 1.
  ///   - queueLimit: Maximum number of passwords queued beside those.
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
    let request = Request()
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        queue.async {
          continuation.resume(
            returning: request.isCancelled ? .busy : Self.verdict(password, stored, decoy, parameters))
        }
      }
    } onCancel: {
      request.cancel()
    }
  }

  /// Whether a stored hash has the configured cost.
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
