import CLibPQ
import FoundationEssentials

/// What one statement answered.
public struct Rows: Sendable, RandomAccessCollection {
  /// Holds the result of libpq. Nothing changes a PGresult after libpq has handed it out, and reading one
  /// from several threads is safe (libpq, "Behavior in Threaded Programs"); hence the unchecked conformance.
  private final class Storage: @unchecked Sendable {
    let result: OpaquePointer
    init(_ result: OpaquePointer) { self.result = result }
    deinit { PQclear(result) }
  }

  private let storage: Storage
  public let count: Int

  /// Takes the result over.
  init(_ result: OpaquePointer) {
    storage = Storage(result)
    count = Int(PQntuples(result))
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { count }
  public subscript(position: Int) -> Row { Row(rows: self, index: Int32(position)) }

  /// How many rows an INSERT, UPDATE or DELETE changed.
  public var changed: Int {
    guard let text = PQcmdTuples(storage.result) else { return 0 }
    return Int(String(cString: text)) ?? 0
  }

  fileprivate func bytes(_ row: Int32, _ column: Int32) -> UnsafeRawBufferPointer? {
    precondition(column < PQnfields(storage.result), "the statement has no column \(column)")
    guard PQgetisnull(storage.result, row, column) == 0 else { return nil }
    return UnsafeRawBufferPointer(
      start: PQgetvalue(storage.result, row, column), count: Int(PQgetlength(storage.result, row, column)))
  }

  /// A row, read column by column with the type that the statement is known to give.
  public struct Row: Sendable {
    fileprivate let rows: Rows
    fileprivate let index: Int32

    /// The column's value; traps on NULL or another type, which is a mistake in the statement.
    public func callAsFunction<Result: ColumnValue>(_ column: Int, as type: Result.Type = Result.self)
      -> Result
    {
      guard let value = Result(optionalColumn: rows.bytes(index, Int32(column))) else {
        preconditionFailure("column \(column) is NULL or no \(Result.self)")
      }
      return value
    }
  }
}

/// A type that a column in binary format can be read as.
public protocol ColumnValue {
  /// - Parameter bytes: The column's bytes, nil for NULL.
  /// - Returns: nil if the bytes are no such value.
  init?(optionalColumn bytes: UnsafeRawBufferPointer?)
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard bytes != nil else {
      self = .none
      return
    }
    guard let wrapped = Wrapped(optionalColumn: bytes) else { return nil }
    self = .some(wrapped)
  }
}

extension Bool: ColumnValue {
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, bytes.count == 1 else { return nil }
    self = bytes[0] != 0
  }
}

extension Int: ColumnValue {
  /// Reads smallint, integer and bigint.
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    switch bytes?.count {
    case 2: self = Int(Int16(bigEndian: bytes!.loadUnaligned(as: Int16.self)))
    case 4: self = Int(Int32(bigEndian: bytes!.loadUnaligned(as: Int32.self)))
    case 8: self = Int(Int64(bigEndian: bytes!.loadUnaligned(as: Int64.self)))
    default: return nil
    }
  }
}

extension String: ColumnValue {
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes else { return nil }
    self = String(decoding: bytes, as: UTF8.self)
  }
}

extension UUID: ColumnValue {
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, bytes.count == 16 else { return nil }
    self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
  }
}

extension Date: ColumnValue {
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, bytes.count == 8 else { return nil }
    let microseconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    self.init(timeIntervalSince1970: postgresEpoch + Double(microseconds) / 1_000_000)
  }
}

/// `bytea`.
extension Array: ColumnValue where Element: ArrayColumnElement {
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes else { return nil }
    guard let array = Element.array(bytes) else { return nil }
    self = array
  }
}

/// What an array read from a column is made of.
public protocol ArrayColumnElement {
  static func array(_ bytes: UnsafeRawBufferPointer) -> [Self]?
}

extension UInt8: ArrayColumnElement {
  public static func array(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? { Array(bytes) }
}

extension ArrayColumnElement where Self: ColumnValue {
  /// One-dimensional arrays without NULLs.
  public static func array(_ bytes: UnsafeRawBufferPointer) -> [Self]? {
    func integer(at offset: Int) -> Int? {
      guard offset + 4 <= bytes.count else { return nil }
      return Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
    guard let dimensions = integer(at: 0) else { return nil }
    if dimensions == 0 { return [] }
    guard dimensions == 1, let count = integer(at: 12) else { return nil }
    var array: [Self] = []
    array.reserveCapacity(count)
    var offset = 20
    for _ in 0..<count {
      guard let length = integer(at: offset), length >= 0, offset + 4 + length <= bytes.count else {
        return nil
      }
      let element = UnsafeRawBufferPointer(rebasing: bytes[offset + 4..<offset + 4 + length])
      guard let value = Self(optionalColumn: element) else { return nil }
      array.append(value)
      offset += 4 + length
    }
    return array
  }
}

extension UUID: ArrayColumnElement {}
extension String: ArrayColumnElement {}
extension Int: ArrayColumnElement {}
extension Bool: ArrayColumnElement {}
