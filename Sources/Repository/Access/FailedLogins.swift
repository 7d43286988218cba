import Domain
import FoundationEssentials
import Postgres

/// Counts failed logins, and determines the delay before the next one.
///
/// Three counts delay a login: that of its name from its network, that of the name from all networks, and that of the
/// network over all names. The last two concern only networks that the user has not signed in from: what others do
/// neither delays a user in a known network nor is it counted by it.
public struct FailedLogins: Sendable {
  /// Who tries to log in.
  public struct Attempt: Sendable {
    public let name: String
    public let network: String
    let user: UUID?

    /// - Parameters:
    ///   - name: The user name, in any case.
    ///   - network: From where, as text.
    ///   - user: The account of this name; nil if there is none.
    public init(name: String, network: String, user: UUID?) {
      self.name = name
      self.network = network
      self.user = user
    }
  }

  /// When failures delay, and for how long. A delay is 1 s after the failure that reaches the threshold, then doubles
  /// with each, up to its maximum, which is also the time in which one failure is forgotten. So no count lets more than
  /// one login a maximum delay pass in the long run, whatever the pauses between them.
  public struct Limits: Sendable {
    /// Failures of a name from a network, from 1.
    public var failures: Int
    /// Maximum delay of a name from a network, in seconds, from 1.
    public var maximumDelay: Int

    public init(failures: Int, maximumDelay: Int) {
      self.failures = failures
      self.maximumDelay = maximumDelay
    }

    /// Failures of a name from all networks.
    public var failuresOfName: Int { failures * 10 }
    /// Failures of a network over all names; many users may share it.
    public var failuresOfNetwork: Int { failures * 20 }
    /// Maximum delay by these two counts, in seconds: short, since it concerns people who did nothing wrong.
    public var maximumSharedDelay: Int { min(maximumDelay, 10) }
  }

  /// Rows that a sweep leaves; those that would be forgotten first go first.
  public static let maximumRows = 100_000
  /// Networks that are remembered of a user.
  public static let maximumNetworks = 100

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  // The counts of an attempt by name $1, network $2 and user $3: $4 and $5 are threshold and maximum delay of the pair,
  // $6, $7 and $8 the thresholds of name and network and their maximum delay.
  private static let counts = """
    WITH hashes AS (
        SELECT sha256(convert_to(directory.folded($1), 'UTF8')) AS name, sha256(convert_to($2, 'UTF8')) AS network
    ), counts AS (
        SELECT name AS name_hash, network AS network_hash, $4 AS threshold, $5 AS seconds
        FROM hashes
        UNION ALL
        SELECT s.name_hash, s.network_hash, s.threshold, $8
        FROM hashes h
        CROSS JOIN LATERAL (VALUES (h.name, ''::bytea, $6), (''::bytea, h.network, $7)) s (name_hash, network_hash, threshold)
        WHERE NOT EXISTS (SELECT FROM auth.known_networks k WHERE k.user_id = $3 AND k.network_hash = h.network)
    )

    """

  private static func query(_ statement: Statement, _ attempt: Attempt, _ limits: Limits) -> Query {
    statement(
      .text(attempt.name), .text(attempt.network), attempt.user.map { .uuid($0) } ?? .null,
      .int(Int64(limits.failures)), .int(Int64(limits.maximumDelay)), .int(Int64(limits.failuresOfName)),
      .int(Int64(limits.failuresOfNetwork)), .int(Int64(limits.maximumSharedDelay)))
  }

  private static let wait = Statement(
    counts + """
      SELECT ceil(max(least(c.seconds, power(2, least(n.failures - c.threshold, 30)))
                      - extract(epoch FROM now() - f.counted_at)) FILTER (WHERE n.failures >= c.threshold))::bigint,
             count(*) = 1
      FROM counts c
      LEFT JOIN auth.failed_logins f USING (name_hash, network_hash)
      CROSS JOIN LATERAL (
          SELECT ceil(extract(epoch FROM f.forgotten_at - f.counted_at) / c.seconds) AS failures
      ) n
      """, .text, .text, .uuid, .int8, .int8, .int8, .int8, .int8)

  /// Seconds until the login may be tried again, 0 if now; and whether the user has signed in from this network before.
  public func wait(
    for attempt: Attempt, _ limits: Limits
  ) async throws(RepositoryError) -> (seconds: Int, isKnown: Bool) {
    try await pool.one(Self.query(Self.wait, attempt, limits)) { row in
      (max(0, try row(0, as: Int?.self) ?? 0), try row(1))
    }
  }

  private static let record = Statement(
    counts + """
      INSERT INTO auth.failed_logins AS f (name_hash, network_hash, counted_at, forgotten_at)
      SELECT name_hash, network_hash, now(), now() + seconds * interval '1 second'
      FROM counts
      ORDER BY name_hash, network_hash
      ON CONFLICT (name_hash, network_hash) DO UPDATE
      SET counted_at = now(),
          forgotten_at = greatest(f.forgotten_at, now()) + (EXCLUDED.forgotten_at - EXCLUDED.counted_at)
      """, .text, .text, .uuid, .int8, .int8, .int8, .int8, .int8)

  // A failure adds at most three rows and removes more, so that no attack makes the table grow for longer than its
  // failures count. It comes last in its transaction and waits for no lock.
  private static let removeForgotten = Statement(
    """
    DELETE FROM auth.failed_logins
    WHERE (name_hash, network_hash) IN (
        SELECT name_hash, network_hash
        FROM auth.failed_logins
        WHERE forgotten_at < now()
        ORDER BY forgotten_at
        LIMIT 10
        FOR UPDATE SKIP LOCKED
    )
    """)

  /// Counts a failure, and puts it on record.
  ///
  /// - Parameter address: The client's.
  public func record(_ attempt: Attempt, _ limits: Limits, from address: String) async throws(RepositoryError)
  {
    _ = try await pool.run([
      Self.query(Self.record, attempt, limits),
      AuditTrail.failedLogin(attempt.name, network: attempt.network, from: address),
      Self.removeForgotten(),
    ])
  }

  private static let clear = Statement(
    """
    WITH hashes AS (
        SELECT sha256(convert_to(directory.folded($1), 'UTF8')) AS name, sha256(convert_to($2, 'UTF8')) AS network
    ), cleared AS (
        DELETE FROM auth.failed_logins
        WHERE name_hash = (SELECT name FROM hashes) AND network_hash = (SELECT network FROM hashes)
    ), surplus AS (
        DELETE FROM auth.known_networks
        WHERE user_id = $3 AND network_hash IN (
            SELECT network_hash
            FROM auth.known_networks
            WHERE user_id = $3 AND network_hash <> (SELECT network FROM hashes)
            ORDER BY last_login DESC
            OFFSET \(maximumNetworks - 1)
            FOR UPDATE SKIP LOCKED
        )
    )
    INSERT INTO auth.known_networks AS k (user_id, network_hash, last_login)
    SELECT $3, network, now()
    FROM hashes
    ON CONFLICT (user_id, network_hash) DO UPDATE
    SET last_login = now()
    WHERE k.last_login < now() - interval '1 hour'
    """, .text, .text, .uuid)

  /// After a login: puts it on record, and resets the count of the name from this network, which is known from now on.
  ///
  /// - Parameter address: The client's.
  public func clear(_ attempt: Attempt, user: UUID, from address: String) async throws(RepositoryError) {
    _ = try await pool.run([
      Self.clear(.text(attempt.name), .text(attempt.network), .uuid(user)),
      AuditTrail.login(attempt.name, from: address),
    ])
  }

  private static let sweep = Statement(
    """
    WITH networks AS (
        SELECT user_id, network_hash
        FROM auth.known_networks
        WHERE last_login < now() - interval '90 days'
        ORDER BY last_login
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ), forgotten_networks AS (
        DELETE FROM auth.known_networks k
        USING networks n
        WHERE k.user_id = n.user_id AND k.network_hash = n.network_hash
    ), failures AS (
        SELECT name_hash, network_hash
        FROM auth.failed_logins
        WHERE forgotten_at < greatest(
            now(), (SELECT forgotten_at FROM auth.failed_logins ORDER BY forgotten_at DESC OFFSET $1 LIMIT 1))
        ORDER BY forgotten_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
    ), forgotten_failures AS (
        DELETE FROM auth.failed_logins f
        USING failures d
        WHERE f.name_hash = d.name_hash AND f.network_hash = d.network_hash
    )
    SELECT greatest((SELECT count(*) FROM networks), (SELECT count(*) FROM failures))
    """, .int8, .int8)

  /// Deletes failures that are forgotten or beyond `maximumRows`, and networks without a login for 90 days.
  ///
  /// - Parameter limit: The most rows of each kind.
  /// - Returns: Whether there may be more.
  public func sweep(maximumRows: Int = maximumRows, limit: Int) async throws(RepositoryError) -> Bool {
    let query = Self.sweep(.int(Int64(maximumRows - 1)), .int(Int64(limit)))
    return try await pool.one(query) { try $0.count(0) == limit }
  }
}
