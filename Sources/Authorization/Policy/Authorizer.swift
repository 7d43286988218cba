import Domain
import Repository

/// Where callers are looked up; `Authorizations`, but in tests.
protocol CallerLookup: Sendable {
  func authorize(
    accessHash: [UInt8], for requirement: Authorizations.Requirement
  ) async throws(RepositoryError) -> Authorizations.Answer?
}

extension Authorizations: CallerLookup {}

/// Authorises callers. The decision is that of `auth.authorize`: by itself here, or within the statement of an operation,
/// whose answer then comes to `admit`.
public struct Authorizer: Sendable {
  private let callers: any CallerLookup

  public init(repository: Repository) { self.init(callers: repository.authorizations) }

  init(callers: any CallerLookup) { self.callers = callers }

  /// Proves who calls, whatever they may do.
  public func identify(_ context: inout RequestContext) async throws(Refusal) {
    let hash = try Self.accessHash(of: context)
    let answer = try await refusingReads { () async throws(RepositoryError) in
      try await callers.authorize(accessHash: hash, for: .validToken)
    }
    guard let answer else { throw .unauthenticated(presented: true) }
    context.userName = answer.caller.userName
  }

  /// Permits an operation, or refuses it.
  @discardableResult
  public func permit(_ operation: Operation, _ context: inout RequestContext) async throws(Refusal) -> Caller
  {
    let hash = try Self.accessHash(of: context)
    let answer = try await refusingReads { () async throws(RepositoryError) in
      try await callers.authorize(accessHash: hash, for: operation.requirement)
    }
    return try Self.admit(answer, to: operation, &context)
  }

  /// Permits or refuses an operation by the evaluator's answer, and notes who the caller is.
  @discardableResult
  static func admit(
    _ answer: Authorizations.Answer?, to operation: Operation, _ context: inout RequestContext
  ) throws(Refusal) -> Caller {
    guard let answer else { throw .unauthenticated(presented: true) }
    context.userName = answer.caller.userName
    if let missing = answer.missing { throw operation.refusal(missing: missing) }
    return answer.caller
  }

  /// SHA-256 of the access token.
  static func accessHash(of context: RequestContext) throws(Refusal) -> [UInt8] {
    guard let bearer = context.bearer else { throw .unauthenticated(presented: false) }
    return Token(text: bearer).hash
  }
}
