import Domain
import Postgres

/// The statements of one search: its page, and how many there are in all.
struct SearchStatement: Equatable {
  /// The table and the name it has in the conditions: `directory.jobs j`.
  let table: String
  /// The columns that put what is found into its order, the last of them unique.
  let order: [String]
  /// Joined by AND.
  private(set) var conditions: [String]
  private(set) var values: BoundValues

  init<Attribute: SearchColumns>(
    table: String, order: [String], conditions: [Condition<Attribute>], and further: [String] = [],
    values: BoundValues = BoundValues()
  ) {
    self.table = table
    self.order = order
    self.values = values
    self.conditions = further
    for condition in conditions { self.conditions.append(condition.sql(&self.values)) }
  }

  /// Every search goes by an index, never through a table from its beginning to its end, and none is worth
  /// compiling, which takes longer than the search.
  static let settings = Statement(
    "SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true)")

  private var whereClause: String {
    conditions.isEmpty ? "" : "\nWHERE " + conditions.joined(separator: "\n    AND ")
  }

  /// One row more than the page has, if there are so many.
  ///
  /// Only columns of indexes are named here, so that pages are skipped without a look at the table.
  ///
  /// - Parameter body: Makes the whole statement from this part of it.
  func page(_ page: SearchPage, _ body: (String) -> String) -> Query {
    var statement = self
    if case .after(let position, _) = page.start {
      let place: (Value, ParameterType)
      let key: String
      switch position {
      case .name(let name, let id):
        place = (.uuid(id), .uuid)
        key = "lower(\(statement.values.bind(.text(name), .text)))"
      case .time(let time, let id):
        place = (.uuid(id), .uuid)
        key = statement.values.bind(.time(time), .timestamptz)
      }
      let parameter = statement.values.bind(place.0, place.1)
      statement.conditions.append("(\(order.joined(separator: ", "))) > (\(key), \(parameter))")
    }
    let limit = statement.values.bind(.int(Int64(page.size + 1)), .int8)
    var rows = """
      SELECT \(order.joined(separator: ", "))
      FROM \(table)\(statement.whereClause)
      ORDER BY \(order.joined(separator: ", "))
      LIMIT \(limit)
      """
    if page.offset > 0 { rows += "\nOFFSET \(statement.values.bind(.int(Int64(page.offset)), .int8))" }
    return statement.values.query(body(rows))
  }

  /// How many there are, counted up to a bound.
  func count(upTo bound: Int?) -> Query {
    var values = values
    var rows = "SELECT\nFROM \(table)\(whereClause)"
    if let bound { rows += "\nLIMIT \(values.bind(.int(Int64(bound)), .int8))" }
    return values.query("SELECT count(*)\nFROM (\n\(rows)\n) r")
  }

  /// How many there are, as the database expects.
  var estimate: Query {
    values.query("EXPLAIN (FORMAT JSON)\nSELECT\nFROM \(table)\(whereClause)")
  }

  /// The number of rows in what ``estimate`` answers.
  static func rows(estimated plan: String) -> Int? {
    guard let label = plan.firstRange(of: "\"Plan Rows\":") else { return nil }
    return Int(plan[label.upperBound...].drop { $0 == " " }.prefix { $0.isNumber })
  }
}

extension Pool {
  /// Finds a page and its total.
  ///
  /// - Parameters:
  ///   - body: Makes the whole statement from the part that finds the page's rows.
  ///   - read: Makes an item from a row.
  ///   - fits: Whether a row is still of the page; those that are not come last.
  func search<Item: Sendable>(
    _ statement: SearchStatement, _ page: SearchPage, _ body: (String) -> String,
    position: @escaping @Sendable (Item) -> SearchPosition, read: @escaping @Sendable (Rows.Row) -> Item,
    fits: @escaping @Sendable (Rows.Row) -> Bool = { _ in true }
  ) async throws(RepositoryError) -> SearchResult<Item> {
    let rows = try await run([SearchStatement.settings(), statement.page(page, body)])[1]
    let total = try await total(of: statement, page, found: rows.count)
    return SearchResult(
      found: rows.map(read), fitting: rows.prefix(while: fits).count, total: total, page: page,
      position: position)
  }

  private func total(
    of statement: SearchStatement, _ page: SearchPage, found: Int
  ) async throws(RepositoryError) -> SearchTotal {
    if case .after(_, let total) = page.start { return total }
    // The last page tells by itself.
    if found <= page.size, found > 0 || page.offset == 0 { return SearchTotal(count: page.offset + found) }
    let bound = SearchTotal.countedExactly
    let counted: Int = try await run([
      SearchStatement.settings(), statement.count(upTo: page.countsExactly ? nil : bound + 1),
    ])[1][0](0)
    guard !page.countsExactly, counted > bound else { return SearchTotal(count: counted) }
    let plan: String = try await run([SearchStatement.settings(), statement.estimate])[1][0](0)
    let estimated = SearchStatement.rows(estimated: plan) ?? 0
    return SearchTotal(count: max(estimated, counted, page.offset + found), isEstimate: true)
  }
}
