import Repository

/// Reads the audit trail page by page, with one page in memory.
public struct AuditReading: Sendable {
  private static let pageSize = 1000

  private let directory: DirectoryAdministration

  public init(directory: DirectoryAdministration) { self.directory = directory }

  /// The matching events, newest first.
  ///
  /// - Parameters:
  ///   - limit: The most events; nil for all.
  ///   - page: Called with the next events, at least one.
  public func read(
    _ question: DirectoryAdministration.AuditQuestion, limit: Int?,
    page: ([DirectoryAdministration.AuditEvent]) throws -> Void
  ) async throws {
    var left = limit ?? .max
    var last: DirectoryAdministration.AuditEvent?
    while left > 0 {
      let size = min(left, Self.pageSize)
      let events = try await administering { () async throws(RepositoryError) in
        try await directory.auditEvents(question, after: last, limit: size)
      }
      if !events.isEmpty { try page(events) }
      guard events.count == size else { return }
      last = events.last
      left -= size
    }
  }
}
