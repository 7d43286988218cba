import Domain
import Repository

/// Search Audit Trail.
public struct AuditGate: Sendable {
  /// Events, and where those that follow begin; nil if none do.
  public struct Page: Sendable {
    public let events: [AuditEvent]
    public let next: AuditEvent.Position?
  }

  private let authorizer: Authorizer
  private let trail: AuditTrail

  public init(repository: Repository) {
    self.init(authorizer: Authorizer(repository: repository), repository: repository)
  }

  init(authorizer: Authorizer, repository: Repository) {
    self.authorizer = authorizer
    trail = repository.audit
  }

  /// A page of the matching events, newest first.
  ///
  /// - Parameters:
  ///   - last: Where the previous page ended; nil for the first page.
  ///   - size: The most events, from 1.
  public func events(
    _ question: AuditQuestion, after last: AuditEvent.Position?, size: Int, _ context: inout RequestContext
  ) async throws(Refusal) -> Page {
    try await authorizer.permit(.searchAuditTrail, &context)
    // One event more tells whether there is a next page.
    let found = try await refusingReads { () async throws(RepositoryError) in
      try await trail.events(question, after: last, limit: size + 1)
    }
    let events = Array(found.prefix(size))
    return Page(events: events, next: found.count > size ? events.last?.position : nil)
  }
}
