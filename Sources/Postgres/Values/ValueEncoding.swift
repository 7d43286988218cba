import FoundationEssentials

/// The bytes of a statement's parameters, one after another, and the place of each.
struct EncodedParameters {
  private(set) var bytes: [UInt8] = []
  /// Offset and length of each parameter; nil for NULL.
  private(set) var places: [(offset: Int, length: Int)?] = []

  init(_ values: [Value]) {
    places.reserveCapacity(values.count)
    bytes.reserveCapacity(values.count * 24)
    for value in values {
      if case .null = value {
        places.append(nil)
      } else {
        let start = bytes.count
        append(value)
        places.append((start, bytes.count - start))
      }
    }
  }

  private mutating func append(_ value: Value) {
    switch value {
    case .null: break
    case .bool(let bool): bytes.append(bool ? 1 : 0)
    case .int(let int): append(bigEndian: int)
    case .text(let text): append(text: text)
    case .bytes(let raw): bytes.append(contentsOf: raw)
    case .uuid(let uuid): append(uuid: uuid)
    case .time(let time): append(time: time)
    case .json(let text):
      bytes.append(1)  // the version of jsonb's binary form
      append(text: text)
    case .uuids(let uuids): append(array: uuids, of: .uuid) { $0.append(uuid: $1) }
    case .texts(let texts): append(array: texts, of: .text) { $0.append(text: $1) }
    case .bools(let bools): append(array: bools, of: .bool) { $0.bytes.append($1 ? 1 : 0) }
    case .ints(let ints): append(array: ints, of: .int8) { $0.append(bigEndian: $1) }
    case .bytesArray(let raws): append(array: raws, of: .bytea) { $0.bytes.append(contentsOf: $1) }
    case .times(let times): append(array: times, of: .timestamptz) { $0.append(time: $1) }
    }
  }

  private mutating func append(bigEndian integer: some FixedWidthInteger) {
    withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// PostgreSQL's text cannot contain NUL; it is replaced by U+FFFD, so that no parameter is refused for its bytes.
  private mutating func append(text: String) {
    for byte in text.utf8 {
      if byte == 0 { bytes.append(contentsOf: [0xEF, 0xBF, 0xBD]) } else { bytes.append(byte) }
    }
  }

  private mutating func append(uuid: UUID) {
    withUnsafeBytes(of: uuid.uuid) { bytes.append(contentsOf: $0) }
  }

  private mutating func append(time: Date) {
    let microseconds = ((time.timeIntervalSince1970 - postgresEpoch) * 1_000_000).rounded()
    append(bigEndian: Int64(max(-2e17, min(9e17, microseconds))))
  }

  private mutating func append<Element>(
    array: [Element?], of type: ParameterType, element: (inout Self, Element) -> Void
  ) {
    append(bigEndian: Int32(1))  // dimensions
    append(bigEndian: Int32(array.contains { $0 == nil } ? 1 : 0))  // has NULLs
    append(bigEndian: type.rawValue)
    append(bigEndian: Int32(array.count))
    append(bigEndian: Int32(1))  // lower bound
    for item in array {
      guard let item else {
        append(bigEndian: Int32(-1))
        continue
      }
      let lengthAt = bytes.count
      append(bigEndian: Int32(0))
      element(&self, item)
      let length = Int32(bytes.count - lengthAt - 4)
      withUnsafeBytes(of: length.bigEndian) { bytes.replaceSubrange(lengthAt..<lengthAt + 4, with: $0) }
    }
  }
}
