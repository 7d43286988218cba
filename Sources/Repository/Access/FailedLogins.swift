import Postgres

/// Counts failed logins by user and by address, and determines the delay before the next one.
public struct FailedLogins: Sendable {
  /// What is counted: the SHA-256 of a user name or an address, and the number of failures from which on it is delayed.
  public struct Subject: Sendable {
    public let hash: [UInt8]
    let threshold: Int

    public init(hash: [UInt8], threshold: Int) {
      self.hash = hash
      self.threshold = threshold
    }
  }

  private let pool: Pool

  public init(pool: Pool) { self.pool = pool }

  private static let wait = Statement(
    """
    SELECT ceil(extract(epoch FROM max(closed_until) - now()))::bigint
    FROM auth.failed_logins
    WHERE subject_hash = ANY ($1) AND closed_until > now()
    """, .byteaArray)

  /// Seconds until a login of all these subjects may be tried again; 0 if now.
  public func wait(for subjects: [Subject]) async throws(RepositoryError) -> Int {
    let seconds: Int? = try await pool.one(Self.wait(.bytesArray(subjects.map(\.hash)))) { try $0(0) }
    return seconds.map { max(1, $0) } ?? 0
  }

  // A quarter of an hour without a failure resets the count. The delay doubles with every failure past the threshold.
  private static let record = Statement(
    """
    INSERT INTO auth.failed_logins AS f (subject_hash, failures, last_failure, closed_until)
    SELECT hash, 1, now(), CASE WHEN threshold <= 1 THEN now() + interval '1 second' END
    FROM unnest($1, $2) AS s (hash, threshold)
    ORDER BY hash
    ON CONFLICT (subject_hash) DO UPDATE
    SET failures = CASE
            WHEN f.last_failure < now() - interval '15 minutes' THEN 1
            ELSE least(f.failures, 1000000) + 1
        END,
        last_failure = now(),
        closed_until = (
            SELECT now() + least($3, power(2, least(f.failures + 1 - s.threshold, 30))) * interval '1 second'
            FROM unnest($1, $2) AS s (hash, threshold)
            WHERE s.hash = f.subject_hash AND f.failures + 1 >= s.threshold
                AND f.last_failure >= now() - interval '15 minutes'
            UNION ALL
            SELECT now() + interval '1 second'
            FROM unnest($1, $2) AS s (hash, threshold)
            WHERE s.hash = f.subject_hash AND s.threshold <= 1
                AND f.last_failure < now() - interval '15 minutes'
        )
    """, .byteaArray, .int8Array, .int8)

  /// Counts a failure of each subject.
  ///
  /// - Parameter maximumSeconds: Maximum delay.
  public func record(_ subjects: [Subject], maximumSeconds: Int) async throws(RepositoryError) {
    _ = try await pool.run(
      Self.record(
        .bytesArray(subjects.map(\.hash)), .ints(subjects.map { Int64($0.threshold) }),
        .int(Int64(maximumSeconds))))
  }

  private static let clear = Statement("DELETE FROM auth.failed_logins WHERE subject_hash = $1", .bytea)

  /// Resets the count of a subject that has logged in.
  public func clear(_ subject: Subject) async throws(RepositoryError) {
    _ = try await pool.run(Self.clear(.bytes(subject.hash)))
  }
}
