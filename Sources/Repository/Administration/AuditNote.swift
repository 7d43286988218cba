import Postgres

/// An administrator's entry in the audit trail.
enum AuditNote {
  private static let insert = Statement(
    """
    INSERT INTO audit.events (user_name, operation, details)
    VALUES ($1, $2, jsonb_object($3))
    """, .text, .text, .textArray)

  /// - Parameters:
  ///   - actor: Who gave the command; no user of the directory.
  ///   - operation: As the service's own operations are written: `Add User`.
  ///   - details: What it was done to.
  static func of(_ operation: String, by actor: String, _ details: [String: String]) -> Query {
    let pairs = details.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    return insert(.text(actor), .text(operation), .texts(pairs))
  }
}
