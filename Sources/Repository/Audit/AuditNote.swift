import Domain
import Postgres

/// An audit event of an administration command.
enum AuditNote {
  private static let insert = Statement(
    """
    INSERT INTO audit.events (user_name, operation, details)
    VALUES ($1, $2, jsonb_object($3))
    """, .text, .text, .textArray)

  /// - Parameters:
  ///   - actor: Who gave the command; not a user of the directory.
  ///   - details: The things that were changed.
  static func of(_ operation: AuditOperation, by actor: String, _ details: [String: String]) -> Query {
    let pairs = details.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
    return insert(.text(actor), .text(operation.rawValue), .texts(pairs))
  }
}
