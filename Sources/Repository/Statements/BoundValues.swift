import Postgres

/// The parameters of a statement whose text is composed at run time, so that no value is ever part of the text.
struct BoundValues: Equatable {
  private(set) var values: [Value] = []
  private(set) var types: [ParameterType] = []

  /// - Parameter value: Not null, which has no type.
  /// - Returns: The parameter that stands for the value: `$3`.
  mutating func bind(_ value: Value) -> String {
    guard let type = value.type else { preconditionFailure("NULL is written, not bound") }
    values.append(value)
    types.append(type)
    return "$\(values.count)"
  }

  /// The statement with these parameters, planned with their values.
  func query(_ sql: String) -> Query { Statement.unprepared(sql, types: types)(values) }
}
