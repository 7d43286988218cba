/// Why bytes are not a JSON text.
public struct MalformedJSON: Error, Equatable {
  /// Where, in bytes from the start.
  public let offset: Int
  /// The rule that is broken, as a part of a sentence.
  public let reason: String

  public init(offset: Int, reason: String) {
    self.offset = offset
    self.reason = reason
  }
}
