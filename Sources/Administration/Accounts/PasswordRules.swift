/// What a new password may be.
public enum PasswordRules {
  public static let maximumBytes = 1024

  /// The rule that a password breaks, as the rest of a sentence that begins with it; nil if it is good.
  public static func rule(brokenBy password: [UInt8]) -> String? {
    if password.isEmpty { return "must not be empty" }
    if password.count > maximumBytes { return "must not be longer than \(maximumBytes) bytes" }
    if password.contains(0) { return "must have no NUL character" }
    return nil
  }
}
