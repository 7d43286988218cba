import FoundationEssentials
import Repository

extension PasswordHasher {
  /// Verifies a password by scrypt, unless it was found right recently for the same account with the same hash.
  ///
  /// Only the right password is any faster: a wrong one costs a full hash whatever is remembered, and so does every
  /// password of an unknown or disabled user, or of one whose hash is due to be made anew.
  ///
  /// - Parameter account: As it was read from the database for this login; nil for an unknown user.
  func verify(
    _ password: [UInt8], of account: Sessions.Account?, remembering memory: PasswordMemory
  ) async -> Verdict {
    if knows(password, of: account, remembering: memory) { return .right(rehashed: nil) }
    let verdict = await verify(password, against: account?.passwordHash)
    if case .right(let rehashed) = verdict, let account, !account.disabled {
      memory.remember(password, of: account.userID, stored: rehashed ?? account.passwordHash ?? "")
    }
    return verdict
  }

  /// Whether this is the account's password and was found right recently, so that `verify` costs nothing.
  func knows(
    _ password: [UInt8], of account: Sessions.Account?, remembering memory: PasswordMemory
  ) -> Bool {
    // An account that cannot be remembered is looked up all the same, so that the time reveals nothing.
    let stored = account?.passwordHash ?? ""
    let isKnown = memory.knows(password, of: account?.userID ?? Self.nobody, stored: stored)
    return isKnown && account?.disabled == false && isUpToDate(stored)
  }

  private static let nobody = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
}
