/// A rule between settings, each of which is in its own range.
struct Relation: Sendable {
  /// The settings of the rule. Messages begin with the first.
  let keys: [String]
  let holds: @Sendable (Configuration) -> Bool
  /// What is wrong if it does not hold; completes a sentence that begins with the first key.
  let fault: String
  let remedy: String

  static let all = [
    Relation(
      keys: ["tokens.refreshLifetimeSeconds", "tokens.accessLifetimeSeconds"],
      holds: { $0.tokens.refreshLifetimeSeconds >= $0.tokens.accessLifetimeSeconds },
      fault: "is less than tokens.accessLifetimeSeconds",
      remedy: "it must be at least as long, or no expired access token could be renewed"),
    Relation(
      keys: ["tls.privateKeyFile", "tls.certificateFile"],
      holds: { $0.tls.privateKeyFile != $0.tls.certificateFile },
      fault: "is the same file as tls.certificateFile",
      remedy: "it must be another file: a certificate is public, a key is not"),
    Relation(
      keys: ["database.lockTimeoutSeconds", "database.statementTimeoutSeconds"],
      holds: { $0.database.lockTimeoutSeconds <= $0.database.statementTimeoutSeconds },
      fault: "is more than database.statementTimeoutSeconds",
      remedy: "it must not be longer, or it would never apply"),
  ]
}
