/// A request's header fields. Names are compared without case (RFC 9110, section 5.1).
public struct Headers: Sendable {
  private var fields: [(name: String, value: String)] = []

  public init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

  mutating func append(_ name: String, _ value: String) { fields.append((name, value)) }

  /// All values of a field, in order.
  public func values(_ name: String) -> [String] {
    fields.filter { $0.name.equalsIgnoringASCIICase(name) }.map(\.value)
  }

  /// The first value of a field.
  public subscript(_ name: String) -> String? {
    fields.first { $0.name.equalsIgnoringASCIICase(name) }?.value
  }
}

extension StringProtocol {
  /// Whether both are the same but for the case of ASCII letters.
  @inlinable public func equalsIgnoringASCIICase(_ other: some StringProtocol) -> Bool {
    guard utf8.count == other.utf8.count else { return false }
    return zip(utf8, other.utf8).allSatisfy { one, two in
      one == two || (one | 0x20 == two | 0x20 && (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(one | 0x20))
    }
  }
}
