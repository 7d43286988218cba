import COpenSSL
import FoundationEssentials

/// The passwords that scrypt has found right recently, so that a client which logs in before every call rarely pays for
/// a hash. Pure bookkeeping: no clock, no lock; `PasswordMemory` has both.
///
/// Of a password it keeps an HMAC under a key that is never written anywhere. The HMAC covers the user and the
/// stored hash as well, which the caller has read from the database in the same login: a password that was changed
/// is not remembered any more, whichever server changed it. What is remembered lasts from the password's last full
/// verification and is not prolonged by use.
struct RememberedPasswords: Sendable {
  private struct Entry {
    var code: [UInt8]
    var end: Duration
  }

  private let key: EphemeralKey
  private let lifetime: Duration
  private let limit: Int
  private var entries: [UUID: Entry] = [:]

  /// What stands for the code of a user who is not remembered.
  private static let noCode = [UInt8](repeating: 0, count: EphemeralKey.length)

  /// - Parameters:
  ///   - key: Not used for anything else.
  ///   - lifetime: How long a password is remembered.
  ///   - limit: Maximum number of users, from 1.
  init(key: EphemeralKey, lifetime: Duration, limit: Int) {
    self.key = key
    self.lifetime = lifetime
    self.limit = limit
  }

  var count: Int { entries.count }

  /// Whether this is the user's password. It takes the same time for a user who is not remembered.
  ///
  /// - Parameters:
  ///   - stored: The user's hash as it is in the database now.
  ///   - now: Since any epoch, always the same.
  func knows(_ password: [UInt8], of user: UUID, stored: String, now: Duration) -> Bool {
    let entry = entries[user]
    let isSame = CRYPTO_memcmp(code(password, user, stored), entry?.code ?? Self.noCode, EphemeralKey.length)
    return isSame == 0 && (entry.map { now < $0.end } ?? false)
  }

  /// Remembers a password that was found right against `stored`. A user has one; where there is no room, the
  /// oldest goes.
  mutating func remember(_ password: [UInt8], of user: UUID, stored: String, now: Duration) {
    entries[user] = nil
    // A linear search is negligible beside the hash that was computed before.
    if entries.count >= limit { entries = entries.filter { now < $0.value.end } }
    if entries.count >= limit, let oldest = entries.min(by: { $0.value.end < $1.value.end }) {
      entries[oldest.key] = nil
    }
    entries[user] = Entry(code: code(password, user, stored), end: now + lifetime)
  }

  /// Unambiguous: the user has a fixed length, and the length of the hash is included.
  private func code(_ password: [UInt8], _ user: UUID, _ stored: String) -> [UInt8] {
    var message: [UInt8] = []
    // Room for all of it from the start, or growing would leave copies of the password behind.
    message.reserveCapacity(24 + stored.utf8.count + password.count)
    withUnsafeBytes(of: user.uuid) { message.append(contentsOf: $0) }
    withUnsafeBytes(of: UInt64(stored.utf8.count).bigEndian) { message.append(contentsOf: $0) }
    message.append(contentsOf: stored.utf8)
    message.append(contentsOf: password)
    defer { message.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
    return key.code(of: message)
  }
}
