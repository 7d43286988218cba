import Postgres

// How the repository runs statements and reads their rows. Every value is decoded here, with the repository's errors.

extension Pool {
  /// Runs statements in one transaction and one round trip.
  nonisolated func run(_ queries: [Query]) async throws(RepositoryError) -> [Rows] {
    do throws(PostgresError) {
      return try await execute(queries)
    } catch {
      throw RepositoryError(error)
    }
  }

  /// Runs one statement.
  @discardableResult
  nonisolated func run(_ query: Query) async throws(RepositoryError) -> Rows {
    try await run([query])[0]
  }

  /// Runs one statement and decodes each of its rows.
  nonisolated func rows<Item>(
    _ query: Query, _ decode: (Rows.Row) throws -> Item
  ) async throws(RepositoryError) -> [Item] {
    let rows = try await run(query)
    return try decoding { try rows.map(decode) }
  }

  /// Runs one statement and decodes its first row; nil if it has none.
  nonisolated func first<Item>(
    _ query: Query, _ decode: (Rows.Row) throws -> Item
  ) async throws(RepositoryError) -> Item? {
    let rows = try await run(query)
    return try decoding { try rows.first.map(decode) }
  }

  /// Runs one statement and decodes its only row.
  nonisolated func one<Item>(
    _ query: Query, _ decode: (Rows.Row) throws -> Item
  ) async throws(RepositoryError) -> Item {
    let rows = try await run(query)
    return try decoding { try decode(rows.one()) }
  }

  /// Runs a transaction over several round trips.
  nonisolated func changing<Result: Sendable>(
    _ body: @Sendable (Connection) async throws(PostgresError) -> TransactionEnd<Result>
  ) async throws(RepositoryError) -> Result {
    do throws(PostgresError) {
      return try await transaction(body)
    } catch {
      throw RepositoryError(error)
    }
  }
}

extension Connection {
  /// Runs one statement of a transaction.
  @discardableResult
  nonisolated func run(_ query: Query) async throws(PostgresError) -> Rows {
    try await execute([query])[0]
  }

  /// Runs one statement of a transaction and decodes each of its rows.
  nonisolated func rows<Item>(
    _ query: Query, _ decode: (Rows.Row) throws -> Item
  ) async throws(PostgresError) -> [Item] {
    try await run(query).decoded(decode)
  }

  /// Runs one statement of a transaction and decodes its first row; nil if it has none.
  nonisolated func first<Item>(
    _ query: Query, _ decode: (Rows.Row) throws -> Item
  ) async throws(PostgresError) -> Item? {
    try await rows(query, decode).first
  }
}

extension Rows {
  /// Decodes each row.
  func decoded<Item>(_ decode: (Row) throws -> Item) throws(PostgresError) -> [Item] {
    do {
      return try map(decode)
    } catch let error as PostgresError {
      throw error
    } catch {
      throw .unexpectedAnswer("\(error)")
    }
  }
}

/// Decodes rows with the repository's errors.
func decoding<Result>(_ body: () throws -> Result) throws(RepositoryError) -> Result {
  do {
    return try body()
  } catch let error as PostgresError {
    throw RepositoryError(error)
  } catch let error as RepositoryError {
    throw error
  } catch {
    throw .unexpectedAnswer("\(error)")
  }
}
