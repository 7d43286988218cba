import Foundation
import TestDatabase
import Testing

/// Shapes that the functions of the schema do without. PostgreSQL prunes no partitions for an array in a generic plan,
/// and extensions that distribute tables do not push down every shape that PostgreSQL itself accepts.
@Suite("The shapes of the schema's statements")
struct StatementShapeTests {
  /// Of each migration its statements without comments, all white space being one space.
  private func statements() throws -> [(file: String, sql: String)] {
    let folder = "\(TestDatabase.package)/migrations/deploy"
    return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map { file in
      let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      let sql = text.split(separator: "\n").map { $0.replacing(/--.*/, with: "") }.joined(separator: " ")
      return (file, sql.replacing(/\s+/, with: " "))
    }
  }

  private func expectNone(_ shape: Regex<Substring>) throws {
    let found = try statements().flatMap { file, sql in
      sql.matches(of: shape).map { "\(file): \(sql[$0.range.lowerBound...].prefix(100))" }
    }
    #expect(found.isEmpty, "\(found.joined(separator: "\n"))")
  }

  @Test("Histories and runs are looked up one by one, never as = ANY of an array")
  func arrays() throws { try expectNone(/\b(?:history_id|run_id) = ANY\b/) }

  @Test("No statement has an empty select list")
  func selectLists() throws { try expectNone(/\b(?:SELECT|PERFORM) FROM\b/) }
}
