import FoundationEssentials

/// A parameter of a statement, sent in PostgreSQL's binary format.
public enum Value: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int64)
  case text(String)
  case bytes([UInt8])
  case uuid(UUID)
  /// Kept to the microsecond.
  case time(Date)
  /// JSON text; PostgreSQL checks that it is JSON.
  case json(String)
  case uuids([UUID])
  case texts([String])
  case bools([Bool])
  case ints([Int64])
  case bytesArray([[UInt8]])
  case times([Date?])

  /// The type of a parameter with this value; nil for NULL, which has none.
  public var type: ParameterType? {
    switch self {
    case .null: nil
    case .bool: .bool
    case .int: .int8
    case .text: .text
    case .bytes: .bytea
    case .uuid: .uuid
    case .time: .timestamptz
    case .json: .jsonb
    case .uuids: .uuidArray
    case .texts: .textArray
    case .bools: .boolArray
    case .ints: .int8Array
    case .bytesArray: .byteaArray
    case .times: .timestamptzArray
    }
  }

  public static func optional(_ number: Int?) -> Value { number.map { .int(Int64($0)) } ?? .null }
  public static func optional(_ text: String?) -> Value { text.map(Value.text) ?? .null }
  public static func optional(_ uuid: UUID?) -> Value { uuid.map(Value.uuid) ?? .null }
  public static func optional(_ time: Date?) -> Value { time.map(Value.time) ?? .null }
}

/// The type of a parameter, as PostgreSQL numbers it in `pg_type`.
public enum ParameterType: UInt32, Sendable {
  case bool = 16
  case bytea = 17
  case int8 = 20
  case text = 25
  case uuid = 2950
  case timestamptz = 1184
  case jsonb = 3802
  case boolArray = 1000
  case byteaArray = 1001
  case textArray = 1009
  case int8Array = 1016
  case timestamptzArray = 1185
  case uuidArray = 2951
}

/// Seconds from 1 January 1970 to 1 January 2000, PostgreSQL's epoch.
let postgresEpoch: Double = 946_684_800
