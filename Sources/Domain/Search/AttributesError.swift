/// Why an `Attributes` text cannot be understood.
public struct AttributesError: Error, Equatable, CustomStringConvertible {
  /// The first character that cannot be understood, counted from 1 in Unicode code points; one past the last character if
  /// the text ends too early.
  public let position: Int
  /// What is there: a word, a character or a value in quotes (cut after 40 characters), or `the end of the text`.
  public let found: String
  /// What is expected there, for example `an operator: = or !=`.
  public let expected: String

  /// A sentence for the client, without a full stop.
  public var description: String {
    "Attributes cannot be understood at character \(position): found \(found), expected \(expected)"
  }
}
