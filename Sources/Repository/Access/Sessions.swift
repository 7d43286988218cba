import FoundationEssentials
import Postgres

/// Sessions and their tokens, of which only the SHA-256 is kept.
public struct Sessions: Sendable {
  /// What a password is checked against.
  public struct Account: Sendable {
    public let userID: UUID
    public let userName: String
    public let passwordHash: String?
    public let disabled: Bool
  }

  /// The hashes and lifetimes of a pair of tokens.
  public struct TokenPair: Sendable {
    let accessHash: [UInt8]
    let accessSeconds: Int
    let refreshHash: [UInt8]
    let refreshSeconds: Int

    public init(accessHash: [UInt8], accessSeconds: Int, refreshHash: [UInt8], refreshSeconds: Int) {
      self.accessHash = accessHash
      self.accessSeconds = accessSeconds
      self.refreshHash = refreshHash
      self.refreshSeconds = refreshSeconds
    }
  }

  /// What became of a refresh token.
  public enum Refreshed: Sendable, Equatable {
    case renewed(userName: String)
    /// It had been used before: its whole session is gone (RFC 9700, section 4.14.2).
    case reused(userName: String)
    case unknown
  }

  private let pool: Pool
  public init(pool: Pool) { self.pool = pool }

  private static let account = Statement(
    """
    SELECT user_id, user_name, password_hash, disabled
    FROM directory.users
    WHERE directory.folded(user_name) = directory.folded($1)
    """, .text)

  /// The account of a name, in any case.
  public func account(named name: String) async throws(RepositoryError) -> Account? {
    try await pool.first(Self.account(.text(name))) {
      try Account(userID: $0(0), userName: $0(1), passwordHash: $0(2), disabled: $0(3))
    }
  }

  // The password's hash is compared once more: a login that was verified before the password or the user changed must
  // not open a session afterwards.
  private static let open = Statement(
    """
    WITH session AS (
        INSERT INTO auth.sessions (user_id, expires_at)
        SELECT user_id, now() + greatest($4, $6) * interval '1 second'
        FROM directory.users
        WHERE user_id = $1 AND password_hash = $2 AND NOT disabled
        FOR SHARE
        RETURNING session_id, user_id
    ), access AS (
        INSERT INTO auth.access_tokens (token_hash, session_id, user_id, expires_at)
        SELECT $3, session_id, user_id, now() + $4 * interval '1 second'
        FROM session
    ), refresh AS (
        INSERT INTO auth.refresh_tokens (token_hash, session_id, expires_at)
        SELECT $5, session_id, now() + $6 * interval '1 second'
        FROM session
    )
    SELECT session_id
    FROM session
    """, .uuid, .text, .bytea, .int8, .bytea, .int8)

  /// Opens a session for a user whose password was verified against `passwordHash`.
  ///
  /// - Returns: Whether it was opened: not if the user or the password has changed meanwhile.
  public func open(
    user: UUID, passwordHash: String, tokens: TokenPair
  ) async throws(RepositoryError) -> Bool {
    let query = Self.open(
      .uuid(user), .text(passwordHash), .bytes(tokens.accessHash), .int(Int64(tokens.accessSeconds)),
      .bytes(tokens.refreshHash), .int(Int64(tokens.refreshSeconds)))
    return try await !pool.run(query).isEmpty
  }

  private static let rehash = Statement(
    "UPDATE directory.users SET password_hash = $3 WHERE user_id = $1 AND password_hash = $2", .uuid, .text,
    .text)

  /// Replaces a password's hash by one of the same password with other parameters.
  public func rehash(user: UUID, from old: String, to new: String) async throws(RepositoryError) {
    _ = try await pool.run(Self.rehash(.uuid(user), .text(old), .text(new)))
  }

  // Locks the session before its tokens, in the order in which a revocation locks them.
  private static let refresh = Statement(
    """
    WITH session AS (
        SELECT s.session_id, u.user_id, u.user_name
        FROM auth.refresh_tokens r
        JOIN auth.sessions s USING (session_id)
        JOIN directory.users u USING (user_id)
        WHERE r.token_hash = $1 AND NOT u.disabled
        FOR UPDATE OF s
    ), spent AS (
        UPDATE auth.refresh_tokens r
        SET used_at = now()
        FROM session s
        WHERE r.token_hash = $1 AND r.used_at IS NULL AND r.expires_at > now() AND r.session_id = s.session_id
        RETURNING s.session_id, s.user_id, s.user_name
    ), prolonged AS (
        UPDATE auth.sessions s
        SET expires_at = greatest(s.expires_at, now() + greatest($3, $5) * interval '1 second')
        FROM spent
        WHERE s.session_id = spent.session_id
    ), access AS (
        INSERT INTO auth.access_tokens (token_hash, session_id, user_id, expires_at)
        SELECT $2, session_id, user_id, now() + $3 * interval '1 second'
        FROM spent
    ), refresh AS (
        INSERT INTO auth.refresh_tokens (token_hash, session_id, expires_at)
        SELECT $4, session_id, now() + $5 * interval '1 second'
        FROM spent
    )
    SELECT user_name
    FROM spent
    """, .bytea, .bytea, .int8, .bytea, .int8)

  private static let revokeReused = Statement(
    """
    DELETE FROM auth.sessions s
    USING auth.refresh_tokens r, directory.users u
    WHERE r.token_hash = $1 AND r.used_at IS NOT NULL
        AND s.session_id = r.session_id AND u.user_id = s.user_id
    RETURNING u.user_name
    """, .bytea)

  /// Exchanges a refresh token for a new pair. Of two concurrent calls with the same token, one gets the pair.
  public func refresh(hash: [UInt8], tokens: TokenPair) async throws(RepositoryError) -> Refreshed {
    let query = Self.refresh(
      .bytes(hash), .bytes(tokens.accessHash), .int(Int64(tokens.accessSeconds)), .bytes(tokens.refreshHash),
      .int(Int64(tokens.refreshSeconds)))
    if let user = try await pool.first(query, { try $0(0, as: String.self) }) {
      return .renewed(userName: user)
    }
    let reused = try await pool.first(Self.revokeReused(.bytes(hash))) { try $0(0, as: String.self) }
    return reused.map { .reused(userName: $0) } ?? .unknown
  }

  private static let revoke = Statement(
    """
    DELETE FROM auth.sessions
    WHERE session_id IN (
        SELECT session_id FROM auth.access_tokens WHERE token_hash = $1
        UNION ALL
        SELECT session_id FROM auth.refresh_tokens WHERE token_hash = $1
    )
    """, .bytea)

  /// Ends the session that a token of either kind belongs to; nothing if there is none.
  public func revoke(hash: [UInt8]) async throws(RepositoryError) {
    _ = try await pool.run(Self.revoke(.bytes(hash)))
  }

  // Tokens before their sessions: a session that is deleted has none left to be deleted by the foreign key.
  static let sweeps = [
    sweep("auth.access_tokens", key: "token_hash"), sweep("auth.refresh_tokens", key: "token_hash"),
    sweep("auth.sessions", key: "session_id"),
  ]

  // In the order of the index by expiry, whatever PostgreSQL believes how many have expired.
  private static func sweep(_ table: String, key: String) -> Statement {
    Statement(
      """
      WITH expired AS (
          SELECT \(key)
          FROM \(table)
          WHERE expires_at < now()
          ORDER BY expires_at
          LIMIT $1
          FOR UPDATE SKIP LOCKED
      ), deleted AS (
          DELETE FROM \(table) USING expired WHERE \(table).\(key) = expired.\(key)
      )
      SELECT count(*)
      FROM expired
      """, .int8)
  }

  /// Deletes expired tokens, and sessions whose tokens have all expired.
  ///
  /// A refresh token that was used is known as such until it expires; afterwards it is unknown, like any other.
  ///
  /// - Parameter limit: The most rows of each kind.
  /// - Returns: Whether there may be more.
  public func sweep(limit: Int) async throws(RepositoryError) -> Bool {
    for statement in Self.sweeps {
      let deleted = try await pool.one(statement(.int(Int64(limit)))) { try $0.count(0) }
      if deleted == limit { return true }
    }
    return false
  }
}
