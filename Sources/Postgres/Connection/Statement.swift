/// A statement with numbered parameters, prepared once on each connection that uses it.
///
/// Make each a constant: the text is its identity, so one that is put together from data would leave a
/// prepared statement behind for every variation.
public struct Statement: Sendable, Hashable {
  public let sql: String
  public let parameters: [ParameterType]

  public init(_ sql: String, _ parameters: ParameterType...) {
    self.sql = sql
    self.parameters = parameters
  }

  public init(_ sql: String, types: [ParameterType]) {
    self.sql = sql
    self.parameters = types
  }

  /// The statement with values for its parameters.
  ///
  /// - Precondition: As many values as parameters, of their types or null.
  public func callAsFunction(_ values: Value...) -> Query {
    precondition(values.count == parameters.count, "wrong number of parameters for \(sql)")
    return Query(statement: self, values: values)
  }

  public func with(_ values: [Value]) -> Query {
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
