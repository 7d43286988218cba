import Postgres

/// Collects the values of a statement whose text is put together, so that no value is ever part of the text.
struct BoundValues: Equatable {
  private(set) var values: [Value] = []
  private(set) var types: [ParameterType] = []

  /// - Returns: The parameter that stands for the value: `$3`.
  mutating func bind(_ value: Value, _ type: ParameterType) -> String {
    values.append(value)
    types.append(type)
    return "$\(values.count)"
  }

  func query(_ sql: String) -> Query { Statement.unprepared(sql, types: types).with(values) }
}
