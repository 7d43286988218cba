import FoundationEssentials

extension JSONNode {
  /// Reads JSON5, which administrators write, with Foundation's decoder: the files of the commands, nothing on the wire.
  ///
  /// - Throws: `DecodingError` if the text is not JSON5.
  public init(json5 text: String) throws {
    let decoder = JSONDecoder()
    decoder.allowsJSON5 = true
    self = try decoder.decode(JSONNode.self, from: Data(text.utf8))
  }
}

extension JSONNode: Decodable {
  public init(from decoder: any Decoder) throws {
    // Nested errors must be rethrown, or a bad value deep inside would look like another type.
    if let object = try? decoder.container(keyedBy: Name.self) {
      self = .object(
        try object.allKeys.reduce(into: [:]) { members, name in
          members[name.stringValue] = try object.decode(JSONNode.self, forKey: name)
        })
    } else if var array = try? decoder.unkeyedContainer() {
      var elements: [JSONNode] = []
      while !array.isAtEnd { elements.append(try array.decode(JSONNode.self)) }
      self = .array(elements)
    } else {
      self = Self.scalar(try decoder.singleValueContainer())
    }
  }

  private static func scalar(_ container: any SingleValueDecodingContainer) -> JSONNode {
    if container.decodeNil() { return .null }
    if let text = try? container.decode(String.self) { return .text(text) }
    if let boolean = try? container.decode(Bool.self) { return .boolean(boolean) }
    if let integer = try? container.decode(Int.self) { return .integer(integer) }
    if let number = try? container.decode(Double.self) { return .number(number) }
    return .unreadable
  }

  private struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init?(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}
