import Domain
import FoundationEssentials
import Postgres

/// The statements of one search: its page and its total.
struct SearchStatement: Equatable {
  /// The table and the name it has in the conditions: `directory.jobs j`.
  let table: String
  /// The columns of ORDER BY, the last of them unique.
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

  private var whereClause: String {
    conditions.isEmpty ? "" : "\nWHERE " + conditions.joined(separator: "\n    AND ")
  }

  /// The rows of a page and one more, if there is one.
  ///
  /// Only indexed columns are named here, so that pages are skipped by index-only scans.
  ///
  /// - Parameter body: Makes the whole statement from this part of it.
  func page(_ page: SearchPage, _ body: (String) -> String) -> Query {
    var statement = self
    if case .after(let position, _) = page.start {
      let key: String
      let id: UUID
      switch position {
      case .name(let name, let nameID):
        id = nameID
        key = "directory.folded(\(statement.values.bind(.text(name))))"
      case .time(let time, let timeID):
        id = timeID
        key = statement.values.bind(.time(time))
      }
      let parameter = statement.values.bind(.uuid(id))
      statement.conditions.append("(\(order.joined(separator: ", "))) > (\(key), \(parameter))")
    }
    let limit = statement.values.bind(.int(Int64(page.size + 1)))
    var rows = """
      SELECT \(order.joined(separator: ", "))
      FROM \(table)\(statement.whereClause)
      ORDER BY \(order.joined(separator: ", "))
      LIMIT \(limit)
      """
    if page.offset > 0 { rows += "\nOFFSET \(statement.values.bind(.int(Int64(page.offset))))" }
    return statement.values.query(body(rows))
  }

  /// The number of rows, counted up to a bound.
  func count(upTo bound: Int?) -> Query {
    var values = values
    var rows = "SELECT\nFROM \(table)\(whereClause)"
    if let bound { rows += "\nLIMIT \(values.bind(.int(Int64(bound))))" }
    return values.query("SELECT count(*)\nFROM (\n\(rows)\n) r")
  }

  /// The number of rows, as the planner estimates it.
  var estimate: Query {
    values.query("EXPLAIN (FORMAT JSON)\nSELECT\nFROM \(table)\(whereClause)")
  }

  /// The number of rows in the plan that ``estimate`` returns.
  static func rows(estimated plan: String) -> Int? {
    guard let label = plan.firstRange(of: "\"Plan Rows\":") else { return nil }
    return Int(plan[label.upperBound...].drop { $0 == " " }.prefix { $0.isNumber })
  }
}

extension Pool {
  /// Finds a page and the total.
  ///
  /// - Parameters:
  ///   - body: Makes the whole statement from the part that finds the page's rows.
  ///   - read: Decodes an item.
  ///   - length: The length of an item's long part, and whether the item is whole; those that are not come last.
  nonisolated func search<Item: Sendable>(
    _ statement: SearchStatement, _ page: SearchPage, _ body: (String) -> String,
    position: (Item) -> SearchPosition, read: (Rows.Row) throws -> Item,
    length: (Rows.Row) throws -> (bytes: Int, isWhole: Bool) = { _ in (0, true) }
  ) async throws(RepositoryError) -> SearchResult<Item> {
    let rows = try await run(statement.page(page, body))
    let (found, lengths) = try decoding { (try rows.map(read), try rows.map(length)) }
    let total = try await total(of: statement, page, found: rows.count)
    return SearchResult(
      found: found, whole: lengths.prefix(while: \.isWhole).count, lengths: lengths.map(\.bytes),
      total: total,
      page: page, position: position)
  }

  private nonisolated func total(
    of statement: SearchStatement, _ page: SearchPage, found: Int
  ) async throws(RepositoryError) -> SearchTotal {
    if case .after(_, let total) = page.start { return total }
    // The last page gives the total by itself.
    if found <= page.size, found > 0 || page.offset == 0 { return SearchTotal(count: page.offset + found) }
    let bound = SearchTotal.countedExactly
    let counted = try await one(statement.count(upTo: page.countsExactly ? nil : bound + 1)) {
      try $0.count(0)
    }
    guard !page.countsExactly, counted > bound else { return SearchTotal(count: counted) }
    let estimated = try await one(statement.estimate) { row in
      guard let rows = SearchStatement.rows(estimated: try row(0)) else {
        throw row.unexpected(0, expected: "a plan with its rows")
      }
      return rows
    }
    return SearchTotal(count: max(estimated, counted, found > 0 ? page.offset + found : 0), isEstimate: true)
  }
}
