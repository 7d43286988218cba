import Domain
import FoundationEssentials
import Postgres

/// Asks `auth.authorize`, the one function that decides who may do what.
public struct Authorizations: Sendable {
  /// What an operation needs, all of it: the row of a policy.
  public struct Requirement: Sendable, Equatable {
    /// Nothing but a token that is valid.
    public static let validToken = Requirement(tasks: [], folders: [], wholeTree: true)

    let tasks: [String]
    let folders: [UUID]
    let wholeTree: Bool

    /// - Parameters:
    ///   - tasks: In the order in which a missing one is reported.
    ///   - folders: Likewise; they are reported after the tasks.
    ///   - wholeTree: Whether each folder must be granted itself; else a grant on any folder in its tree will do.
    public init(tasks: [String], folders: [UUID], wholeTree: Bool) {
      self.tasks = tasks
      self.folders = folders
      self.wholeTree = wholeTree
    }
  }

  /// Whom a token stands for, and what they lack.
  public struct Answer: Sendable, Equatable {
    public let caller: Caller
    /// The first task that is missing, by name, else the first folder, by identifier; nil: the operation is permitted.
    public let missing: String?

    public init(caller: Caller, missing: String?) {
      self.caller = caller
      self.missing = missing
    }
  }

  /// A token, by its SHA-256, and what its holder needs.
  struct Lookup: Sendable {
    let accessHash: [UInt8]
    let requirement: Requirement
  }

  private let lookups: Coalescer<Lookup, Answer?>

  public init(pool: Pool) {
    lookups = Coalescer(loop: pool.loop) { lookups throws(RepositoryError) in
      let batch = Batch(lookups)
      let rows = try await pool.run(batch.queries)
      return try decoding { try batch.answers(in: rows[...]) }.map { .success($0) }
    }
  }

  /// Authorises the holder of a token. Nothing is cached, so a revoked right counts at once.
  ///
  /// - Parameter accessHash: SHA-256 of the token.
  /// - Returns: nil if the token is unknown, expired or revoked, or its user is disabled.
  public func authorize(
    accessHash: [UInt8], for requirement: Requirement
  ) async throws(RepositoryError) -> Answer? {
    try await lookups(Lookup(accessHash: accessHash, requirement: requirement))
  }

  /// Lookups that share a round trip, alone or with the statements that depend on them: one query for each requirement
  /// among them, each token once.
  struct Batch: Sendable {
    private static let authorize = Statement(
      """
      SELECT t.token_hash, a.user_id, a.user_name, a.missing
      FROM unnest($1) AS t (token_hash)
      CROSS JOIN LATERAL auth.authorize(t.token_hash, $2, $3, $4) a
      """, .byteaArray, .textArray, .uuidArray, .bool)

    let queries: [Query]
    private let lookups: [Lookup]
    private let requirements: [Requirement]

    init(_ lookups: [Lookup]) {
      var requirements: [Requirement] = []
      for lookup in lookups where !requirements.contains(lookup.requirement) {
        requirements.append(lookup.requirement)
      }
      queries = requirements.map { requirement in
        let hashes = Set(lookups.lazy.filter { $0.requirement == requirement }.map(\.accessHash))
        return Self.authorize(
          .bytesArray(Array(hashes)), .texts(requirement.tasks), .uuids(requirement.folders),
          .bool(requirement.wholeTree))
      }
      self.lookups = lookups
      self.requirements = requirements
    }

    /// The answer to each lookup, in order.
    ///
    /// - Parameter rows: The rows of each query.
    func answers(in rows: ArraySlice<Rows>) throws(PostgresError) -> [Answer?] {
      var found: [[[UInt8]: Answer]] = []
      for rows in rows {
        var answers: [[UInt8]: Answer] = [:]
        for row in rows {
          answers[try row(0)] = try Answer(caller: Caller(userID: row(1), userName: row(2)), missing: row(3))
        }
        found.append(answers)
      }
      return lookups.map { lookup in
        requirements.firstIndex(of: lookup.requirement).flatMap { found[$0][lookup.accessHash] }
      }
    }
  }
}
