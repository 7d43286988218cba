/// The rules of names. Each function returns the rule that a name breaks, as the rest of a sentence whose subject is the
/// name, or nil.
public enum NameRules {
  public static let maximumLength = 256

  /// `DOMAIN\user`, each part not empty.
  public static func rule(brokenByUser name: String) -> String? {
    if let rule = rule(brokenBy: name) { return rule }
    let parts = name.split(separator: "\\", omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
      return "must be a domain, a backslash and a user, as DOMAIN\\user (in a shell: 'DOMAIN\\user')"
    }
    return nil
  }

  /// A role, a folder, an asset, a standard or a job.
  public static func rule(brokenBy name: String) -> String? {
    guard !name.isEmpty, name.unicodeScalars.count <= maximumLength else {
      return "must have 1...\(maximumLength) characters"
    }
    if hasControlCharacters(name) { return "must have no control characters" }
    if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
      return "must not begin or end with white space"
    }
    return nil
  }

  public static func hasControlCharacters(_ text: String) -> Bool {
    text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
