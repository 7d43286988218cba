import Domain
import Foundation
import TestDatabase
import Testing

@Suite("The operations of the audit trail")
struct AuditOperationTests {
  @Test("What the migrations write is an operation that can be asked for")
  func migrations() throws {
    let folder = "\(TestDatabase.package)/migrations/deploy"
    var found: Set<String> = []
    for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
      let text = try String(contentsOfFile: "\(folder)/\(file)", encoding: .utf8)
      for insert in text.split(separator: "INSERT INTO audit.events").dropFirst() {
        // Words in title case, up to the end of the statement.
        let statement = insert.prefix { $0 != ";" }
        found.formUnion(statement.matches(of: /'([A-Z][a-z]+(?: [A-Z][a-z]+)+)'/).map { String($0.1) })
      }
    }
    #expect(found.count >= 9)
    #expect(found.subtracting(AuditOperation.allCases.map(\.rawValue)) == [])
  }

  @Test("A word is found in any case, and nothing else")
  func words() {
    #expect(AuditOperation(word: "delete JOB") == .deleteJob)
    #expect(AuditOperation(word: "Delete") == nil)
  }
}
