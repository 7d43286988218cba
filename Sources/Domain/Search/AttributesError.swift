/// Why an `Attributes` text cannot be understood.
public struct AttributesError: Error, Equatable, CustomStringConvertible {
  /// The first character that was not understood, counted from 1 in Unicode code points; one past the last
  /// character where the text ends too early.
  public let position: Int
  /// What stands there: a word, a character or a value in quotes (cut after 40 characters), or words like
  /// `the end of the text`.
  public let found: String
  /// What would be right there, for example `an operator: = or !=`.
  public let expected: String

  /// A sentence for the client, without a full stop.
  public var description: String {
    "Attributes cannot be understood at character \(position): found \(found), expected \(expected)"
  }
}
