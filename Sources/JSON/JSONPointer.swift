/// The place of a value in a JSON text (RFC 6901): `/Roles/0/Tasks/2`.
public struct JSONPointer: Sendable, Hashable, CustomStringConvertible {
  public let description: String

  public static let root = JSONPointer(description: "")

  public static func / (pointer: JSONPointer, key: String) -> JSONPointer {
    let escaped = key.replacing("~", with: "~0").replacing("/", with: "~1")
    return JSONPointer(description: "\(pointer.description)/\(escaped)")
  }

  public static func / (pointer: JSONPointer, index: Int) -> JSONPointer {
    JSONPointer(description: "\(pointer.description)/\(index)")
  }

  /// A place below this one.
  ///
  /// - Parameter other: A pointer relative to this one.
  public func appending(_ other: String) -> JSONPointer { JSONPointer(description: description + other) }
}
