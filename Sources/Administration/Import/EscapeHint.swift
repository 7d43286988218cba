import Domain
import JSON

/// The rules of names in a directory file. A JSON text takes a single backslash for the beginning of an escape, so that a
/// name with one is read as another name; a broken rule is told together with that likely cause.
extension ImportFile {
  /// As ``NameRules/rule(brokenByUser:)``.
  static func userRule(_ name: String) -> String? {
    guard let rule = NameRules.rule(brokenByUser: name) else { return nil }
    return name.contains("\\") ? rule : "\(rule); \(hint)"
  }

  /// As ``NameRules/rule(brokenBy:)``.
  static func nameRule(_ name: String) -> String? {
    guard let rule = NameRules.rule(brokenBy: name) else { return nil }
    return NameRules.hasControlCharacters(name) ? "\(rule); \(hint)" : rule
  }

  /// What ``ObjectReader`` says of a text that cannot be represented; one with an escape that JSON does not know is such.
  private static let unreadable = "must be a text without a NUL character or half a surrogate pair"

  static func withEscapeHint(_ problem: JSONProblem) -> JSONProblem {
    guard problem.fault == .rule(unreadable) else { return problem }
    return JSONProblem(
      .root.appending(problem.pointer),
      .rule("\(unreadable), and without unknown escapes; \(hint)"))
  }

  private static let hint = #"a JSON text needs two backslashes for one: "DOMAIN\\user""#
}
