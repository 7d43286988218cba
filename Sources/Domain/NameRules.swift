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
    if let rule = rule(brokenByCharacters: name) { return rule }
    if name.first?.isWhitespace == true || name.last?.isWhitespace == true {
      return "must not begin or end with white space"
    }
    return nil
  }

  /// What names are compared by: Unicode's full case folding, as `directory.folded` does it. Two keys are equal by
  /// canonical equivalence, so normalization is not needed here.
  public static func key(of name: String) -> String {
    var key = ""
    // The dotless i has a folding of its own.
    for part in name.split(separator: "ı", omittingEmptySubsequences: false) {
      if !key.isEmpty || part.startIndex > name.startIndex { key += "ı" }
      key += part.lowercased().uppercased().lowercased()
    }
    return key
  }

  /// Control characters, and characters that are invisible or change the direction of text: two names must not look the
  /// same. That includes the joiners U+200C and U+200D.
  private static func rule(brokenByCharacters name: String) -> String? {
    for (index, scalar) in name.unicodeScalars.enumerated() {
      let kind: String
      switch scalar.properties.generalCategory {
      case .control: kind = "a control character"
      case .format, .lineSeparator, .paragraphSeparator: kind = "invisible or changes the direction of text"
      case _ where scalar.properties.isDefaultIgnorableCodePoint: kind = "invisible"
      case _ where scalar.properties.isNoncharacterCodePoint: kind = "not a character"
      default: continue
      }
      let digits = String(scalar.value, radix: 16, uppercase: true)
      let code = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
      return "must not contain U+\(code), which is \(kind) (at position \(index + 1))"
    }
    return nil
  }

  public static func hasControlCharacters(_ text: String) -> Bool {
    text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }
}
