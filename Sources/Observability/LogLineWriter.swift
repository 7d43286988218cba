import Domain
import JSON

/// Writes one log line field by field: a JSON object and a newline.
///
/// Texts are cut so that a log line never exceeds ``mostBytes``: a client decides how long a name is, and a pipe takes no
/// more than that in one piece.
struct LogLineWriter {
  /// The most characters (Unicode scalars) of a text that are written; `…` stands for the rest.
  static let mostCharacters = 200
  /// The most bytes of a log line with its newline: PIPE_BUF on Linux, so that log lines of several processes never
  /// interleave (POSIX, write()).
  static let mostBytes = 4096
  /// Kept free for what cannot be cut: names, numbers, the time and punctuation.
  private static let reservedBytes = 512

  private var json: JSONWriter

  /// - Parameters:
  ///   - milliseconds: The time of the log line, since 1970-01-01T00:00:00Z.
  ///   - prefix: What comes before the object.
  init(milliseconds: Int64, prefix: String) {
    json = JSONWriter(capacity: 512, prefix: prefix)
    json.beginObject()
    json.name("time")
    json.plainText(Timestamp(milliseconds: milliseconds).append)
  }

  /// The log line with its newline.
  consuming func finished() -> [UInt8] {
    json.endObject()
    json.newline()
    return json.bytes
  }

  /// Adds a text; nil adds nothing.
  mutating func add(_ name: StaticString, _ value: String?) {
    guard let value else { return }
    json.name(name)
    json.value(value, characters: Self.mostCharacters, upTo: Self.mostBytes - Self.reservedBytes)
  }

  mutating func add(_ name: StaticString, _ value: Int) { json.add(name, value) }

  /// Adds a number with six decimals; `null` for one that JSON does not have.
  mutating func add(_ name: StaticString, _ value: Double) {
    json.name(name)
    json.value(sixDecimals: value)
  }
}
