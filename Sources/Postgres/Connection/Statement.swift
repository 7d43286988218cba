/// A statement with numbered parameters, prepared once on each connection that uses it.
///
/// Make each a constant: the text is its identity, so a text that is composed at run time would leave a prepared
/// statement behind for every variation. Use ``unprepared(_:types:)`` for those.
public struct Statement: Sendable, Hashable {
  public let sql: String
  public let parameters: [ParameterType]
  let isPrepared: Bool

  public init(_ sql: String, _ parameters: ParameterType...) {
    self.sql = sql
    self.parameters = parameters
    isPrepared = true
  }

  private init(unprepared sql: String, types: [ParameterType]) {
    self.sql = sql
    parameters = types
    isPrepared = false
  }

  /// A statement that is parsed and planned each time, with its parameters known to the planner.
  public static func unprepared(_ sql: String, types: [ParameterType]) -> Statement {
    Statement(unprepared: sql, types: types)
  }

  /// The statement with values for its parameters.
  ///
  /// - Precondition: As many values as parameters, of their types or null.
  public func callAsFunction(_ values: Value...) -> Query { self(values) }

  /// The statement with values for its parameters.
  ///
  /// - Precondition: As many values as parameters, of their types or null.
  public func callAsFunction(_ values: [Value]) -> Query {
    precondition(values.count == parameters.count, "wrong number of parameters for \(sql)")
    return Query(statement: self, values: values)
  }

  public static func == (one: Statement, other: Statement) -> Bool { one.sql == other.sql }
  public func hash(into hasher: inout Hasher) { hasher.combine(sql) }
}

/// A statement and the values for its parameters.
public struct Query: Sendable {
  public let statement: Statement
  public let values: [Value]
}
