/// The rules for new passwords.
public enum PasswordRules {
  public static let maximumBytes = 1024

  /// The rule that a password breaks, to complete "the password …"; nil if it breaks none.
  public static func rule(brokenBy password: [UInt8]) -> String? {
    if password.isEmpty { return "must not be empty" }
    if password.count > maximumBytes { return "must not be longer than \(maximumBytes) bytes" }
    if password.contains(0) { return "must not contain a NUL character" }
    return nil
  }
}
