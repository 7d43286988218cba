import Domain
import Repository

/// Reads the audit trail page by page, with one page in memory.
public struct AuditReading: Sendable {
  private static let pageSize = 1000
  /// The names in events that no user caused.
  private static let ownNames = ["Schedule", "Retention"]

  private let directory: DirectoryAdministration

  public init(directory: DirectoryAdministration) { self.directory = directory }

  /// The matching events, newest first.
  ///
  /// - Parameters:
  ///   - limit: The most events; nil for all.
  ///   - page: Called with the next events, at least one.
  /// - Throws: `unknown` if nobody ever had the user name or nothing is an operation of that name.
  public func read(
    _ question: AuditQuestion, limit: Int?, page: ([AuditEvent]) throws -> Void
  ) async throws {
    try await requireKnownNames(question)
    var left = limit ?? .max
    var last: AuditEvent.Position?
    while left > 0 {
      let (size, position) = (min(left, Self.pageSize), last)
      let events = try await administering { () async throws(RepositoryError) in
        try await directory.audit.events(question, after: position, limit: size)
      }
      if !events.isEmpty { try page(events) }
      guard events.count == size else { return }
      last = events.last?.position
      left -= size
    }
  }

  private func requireKnownNames(_ question: AuditQuestion) async throws(AdministrationError) {
    if let word = question.operation, AuditOperation(word: word) == nil {
      let exists = try await administering { () async throws(RepositoryError) in
        try await directory.audit.has(operation: word)
      }
      if !exists { throw .unknown(.operation, name: word, known: AuditOperation.allCases.map(\.rawValue)) }
    }
    if let name = question.userName {
      let users = try await administering { () async throws(RepositoryError) in
        try await directory.users().map(\.name)
      }
      let known = users + Self.ownNames
      guard !known.contains(where: { NameRules.key(of: $0) == NameRules.key(of: name) }) else { return }
      let exists = try await administering { () async throws(RepositoryError) in
        try await directory.audit.has(userName: name)
      }
      if !exists { throw .unknown(.user, name: name, known: known) }
    }
  }
}
