import CLibPQ
import FoundationEssentials

/// The type of a column, as PostgreSQL numbers it in `pg_type`.
public struct ColumnType: Sendable, Equatable {
  let number: UInt32

  init(_ number: UInt32) { self.number = number }

  static let bool = Self(16)
  static let bytea = Self(17)
  static let name = Self(19)
  static let int8 = Self(20)
  static let int2 = Self(21)
  static let int4 = Self(23)
  static let text = Self(25)
  static let json = Self(114)
  static let varchar = Self(1043)
  static let timestamptz = Self(1184)
  static let uuid = Self(2950)
  static let boolArray = Self(1000)
  static let int4Array = Self(1007)
  static let textArray = Self(1009)
  static let int8Array = Self(1016)
  static let uuidArray = Self(2951)
}

/// A type that a column in PostgreSQL's binary format can be read as.
public protocol ColumnValue {
  /// Whether columns of a type can be read as this one.
  static func reads(_ type: ColumnType) -> Bool
  /// - Parameter bytes: The column's bytes; nil for NULL.
  /// - Returns: nil if the bytes are not a value of this type.
  init?(optionalColumn bytes: UnsafeRawBufferPointer?)
}

/// An enumeration whose raw values are the words that a column of text can have. An unknown word is an error.
public protocol ColumnWord: ColumnValue, RawRepresentable where RawValue == String {}

extension ColumnWord {
  public static func reads(_ type: ColumnType) -> Bool { String.reads(type) }
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let word = String(optionalColumn: bytes) else { return nil }
    self.init(rawValue: word)
  }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
  public static func reads(_ type: ColumnType) -> Bool { Wrapped.reads(type) }
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
  public static func reads(_ type: ColumnType) -> Bool { type == .bool }
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, bytes.count == 1 else { return nil }
    self = bytes[0] != 0
  }
}

extension Int: ColumnValue {
  public static func reads(_ type: ColumnType) -> Bool { type == .int8 || type == .int4 || type == .int2 }
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes else { return nil }
    switch bytes.count {
    case 2: self = Int(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
    case 4: self = Int(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
    case 8: self = Int(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
    default: return nil
    }
  }
}

extension String: ColumnValue {
  /// `jsonb` is not among them: its binary form begins with a version.
  public static func reads(_ type: ColumnType) -> Bool {
    type == .text || type == .varchar || type == .name || type == .json
  }
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes else { return nil }
    self = String(decoding: bytes, as: UTF8.self)
  }
}

extension UUID: ColumnValue {
  public static func reads(_ type: ColumnType) -> Bool { type == .uuid }
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, bytes.count == 16 else { return nil }
    self.init(uuid: bytes.loadUnaligned(as: uuid_t.self))
  }
}

extension Date: ColumnValue {
  public static func reads(_ type: ColumnType) -> Bool { type == .timestamptz }
  /// `infinity` and `-infinity` are no dates.
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, bytes.count == 8 else { return nil }
    let microseconds = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    guard microseconds != .max, microseconds != .min else { return nil }
    self.init(timeIntervalSince1970: postgresEpoch + Double(microseconds) / 1_000_000)
  }
}

/// `bytea`, and one-dimensional arrays without NULLs.
extension Array: ColumnValue where Element: ArrayColumnElement {
  public static func reads(_ type: ColumnType) -> Bool { Element.readsArray(type) }
  public init?(optionalColumn bytes: UnsafeRawBufferPointer?) {
    guard let bytes, let array = Element.array(bytes) else { return nil }
    self = array
  }
}

/// A type of which a column can have an array.
public protocol ArrayColumnElement {
  static func readsArray(_ type: ColumnType) -> Bool
  static func array(_ bytes: UnsafeRawBufferPointer) -> [Self]?
}

extension UInt8: ArrayColumnElement {
  public static func readsArray(_ type: ColumnType) -> Bool { type == .bytea }
  public static func array(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? { Array(bytes) }
}

extension ArrayColumnElement where Self: ColumnValue {
  public static func array(_ bytes: UnsafeRawBufferPointer) -> [Self]? {
    func integer(at offset: Int) -> Int? {
      guard offset + 4 <= bytes.count else { return nil }
      return Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
    }
    guard let dimensions = integer(at: 0) else { return nil }
    if dimensions == 0 { return [] }
    // Each element has a length of four bytes, so the count cannot exceed what the bytes allow.
    guard dimensions == 1, let count = integer(at: 12), count >= 0, count <= bytes.count / 4 else {
      return nil
    }
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

extension UUID: ArrayColumnElement {
  public static func readsArray(_ type: ColumnType) -> Bool { type == .uuidArray }
}

extension String: ArrayColumnElement {
  public static func readsArray(_ type: ColumnType) -> Bool { type == .textArray }
}

extension Int: ArrayColumnElement {
  public static func readsArray(_ type: ColumnType) -> Bool { type == .int8Array || type == .int4Array }
}

extension Bool: ArrayColumnElement {
  public static func readsArray(_ type: ColumnType) -> Bool { type == .boolArray }
}
