/// The parsed arguments of a command.
struct Arguments: Sendable, Equatable {
  var options: [String: [String]] = [:]
  var operands: [String: [String]] = [:]

  /// Whether an option without a value was given.
  func has(_ option: String) -> Bool { options[option] != nil }

  /// An option's value; nil if it was not given.
  func value(of option: String) -> String? { options[option]?.last }

  func values(of option: String) -> [String] { options[option] ?? [] }

  /// An operand that occurs once; the parser ensures that it is there.
  func operand(_ name: String) -> String { operands[name]?.first ?? "" }

  func operandList(_ name: String) -> [String] { operands[name] ?? [] }
}
