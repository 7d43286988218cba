/// Rows in the binary format of COPY (PostgreSQL documentation, COPY, "Binary Format").
///
/// A row is begun, then gets its columns in their order.
public struct CopyRows: Sendable {
  private static let header: [UInt8] =
    Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
  private static let trailer: [UInt8] = [0xFF, 0xFF]

  private var bytes: [UInt8] = []
  private var starts: [Int] = []

  public init() {}

  public var count: Int { starts.count }
  public var byteCount: Int { bytes.count }

  /// - Parameter prefix: The number of columns, in two bytes, and the leading columns that all rows have in common.
  public mutating func beginRow(_ prefix: [UInt8]) {
    starts.append(bytes.count)
    bytes.append(contentsOf: prefix)
  }

  public mutating func appendNull() { append(bigEndian: Int32(-1)) }

  public mutating func append(_ integer: Int64) {
    append(bigEndian: Int32(8))
    append(bigEndian: integer)
  }

  /// The bytes of a text, UTF-8 without NUL, or of another value.
  public mutating func append(_ raw: UnsafeRawBufferPointer?) {
    guard let raw else { return appendNull() }
    append(bigEndian: Int32(raw.count))
    bytes.append(contentsOf: raw)
  }

  /// `jsonb`.
  public mutating func append(json: UnsafeRawBufferPointer) {
    append(bigEndian: Int32(json.count + 1))
    bytes.append(1)  // the version of its binary form
    bytes.append(contentsOf: json)
  }

  /// Microseconds since 1970, as `timestamptz`.
  public mutating func append(time: Int64) { append(time - Int64(postgresEpoch) * 1_000_000) }

  private mutating func append(bigEndian integer: some FixedWidthInteger) {
    withUnsafeBytes(of: integer.bigEndian) { bytes.append(contentsOf: $0) }
  }

  /// Adds to a `bigint` in every row.
  ///
  /// - Parameters:
  ///   - offset: The place of its value in a row, after columns of the same length in all rows.
  ///   - change: What is added.
  public mutating func shift(integerAt offset: Int, by change: Int64) {
    bytes.withUnsafeMutableBytes { bytes in
      for start in starts {
        let value = Int64(bigEndian: bytes.loadUnaligned(fromByteOffset: start + offset, as: Int64.self))
        bytes.storeBytes(of: (value + change).bigEndian, toByteOffset: start + offset, as: Int64.self)
      }
    }
  }

  /// What `copyIn` sends for the rows after the first `dropped`.
  public func data(droppingFirst dropped: Int) -> [ArraySlice<UInt8>] {
    let start = dropped < starts.count ? starts[dropped] : bytes.count
    return [Self.header[...], bytes[start...], Self.trailer[...]]
  }
}
