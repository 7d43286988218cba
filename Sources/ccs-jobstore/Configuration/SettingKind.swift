import Postgres

/// The type of a setting's values: conversion from and to JSON, and validation.
struct SettingKind<Value>: Sendable {
  /// What a value may be; completes "it must be".
  let expectation: String
  var namesFile = false
  let valueOfText: @Sendable (String) -> JSONValue
  let encode: @Sendable (Value) -> JSONValue
  let decode: @Sendable (JSONValue) throws(Setting.Refusal) -> Value

  /// - Parameter accept: Returns `nil` if the JSON is not of this kind.
  fileprivate init(
    _ expectation: String, valueOfText: @escaping @Sendable (String) -> JSONValue,
    encode: @escaping @Sendable (Value) -> JSONValue, accept: @escaping @Sendable (JSONValue) -> Value?
  ) {
    self.expectation = expectation
    self.valueOfText = valueOfText
    self.encode = encode
    decode = { (json) throws(Setting.Refusal) in
      guard let value = accept(json) else {
        throw Setting.Refusal(fault: "is \(json)", remedy: "it must be \(expectation)")
      }
      return value
    }
  }

  fileprivate init(_ other: Self, decode: @escaping @Sendable (JSONValue) throws(Setting.Refusal) -> Value) {
    expectation = other.expectation
    namesFile = other.namesFile
    valueOfText = other.valueOfText
    encode = other.encode
    self.decode = decode
  }
}

extension SettingKind where Value == Int {
  static func integer(_ range: ClosedRange<Int>) -> Self {
    Self(
      "an integer from \(range.lowerBound) to \(range.upperBound)", valueOfText: JSONValue.init(numberText:),
      encode: { .number(Double($0)) },
      accept: { json in
        guard case .number(let number) = json, let integer = Int(exactly: number) else { return nil }
        return range.contains(integer) ? integer : nil
      })
  }
}

extension SettingKind where Value == Double {
  static func number(_ range: ClosedRange<Double>) -> Self {
    Self(
      "a number from \(JSONValue.number(range.lowerBound)) to \(JSONValue.number(range.upperBound))",
      valueOfText: JSONValue.init(numberText:), encode: { .number($0) },
      accept: { json in
        guard case .number(let number) = json, range.contains(number) else { return nil }
        return number
      })
  }
}

extension SettingKind where Value == String {
  /// Any text that is not empty and has no NUL, which would end it early in the C libraries.
  private static func text(_ expectation: String, where holds: @escaping @Sendable (String) -> Bool) -> Self {
    Self(
      expectation, valueOfText: { .string($0) }, encode: { .string($0) },
      accept: { json in
        guard let text = json.nonEmptyText, holds(text) else { return nil }
        return text
      })
  }

  /// A numeric address; a name could resolve to several.
  static var address: Self {
    text("an IPv4 or IPv6 address, such as \"127.0.0.1\" or \"::\"", where: NetworkAddress.isNumeric)
  }

  /// A libpq connection string without a password.
  /// - Parameter passwordKey: The key to suggest if the string has one.
  static func connection(passwordKey: String) -> Self {
    let kind = text("a libpq connection string", where: { _ in true })
    return Self(kind) { (json) throws(Setting.Refusal) in
      let connection = try kind.decode(json)
      guard !ConnectionString.carriesPassword(connection) else {
        throw Setting.Refusal(
          fault: "contains a password", remedy: "put it into a file and name the file in \(passwordKey)")
      }
      // Without the value: it may contain a password that was not recognized.
      guard ConnectionSettings.isWellFormed(connection) else {
        throw Setting.Refusal(
          fault: "is malformed",
          remedy: "it must be \(kind.expectation), such as \"host=db.example.org dbname=NAME\"")
      }
      return connection
    }
  }

  static var file: Self {
    var kind = text("the path of a file", where: { _ in true })
    kind.namesFile = true
    return kind
  }
}

extension SettingKind where Value == String? {
  /// In the environment, an empty text is `null`.
  static var optionalFile: Self {
    var kind = Self(
      "the path of a file, or null", valueOfText: { $0.isEmpty ? .null : .string($0) },
      encode: { $0.map { .string($0) } ?? .null },
      accept: { json in
        if case .null = json { return .some(nil) }
        return json.nonEmptyText.map { .some($0) }
      })
    kind.namesFile = true
    return kind
  }
}

extension SettingKind
where Value: CaseIterable & RawRepresentable<String> & Sendable, Value.AllCases: Sendable {
  static var choice: Self {
    Self(
      "one of " + Value.allCases.map(\.rawValue).joined(separator: ", "), valueOfText: { .string($0) },
      encode: { .string($0.rawValue) },
      accept: { json in
        guard case .string(let text) = json else { return nil }
        return Value(rawValue: text)
      })
  }
}
