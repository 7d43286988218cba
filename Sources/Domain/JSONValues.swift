import FoundationEssentials
import JSON

// How identifiers and times stand in JSON: both are texts there.

extension ObjectReader {
  /// A GUID in any form that .NET's `Guid.Parse` accepts as D, N or B.
  public func guid(_ key: String, required: Bool = false) -> UUID? {
    value(key, required: required, rule: "must be a GUID", Self.guid)
  }

  /// - Returns: nil if the node is not a GUID.
  public static func guid(_ node: JSONNode) -> UUID? {
    if case .text(let text) = node { UUID(guid: text) } else { nil }
  }

  /// A time in any form that ``OffsetDate`` reads.
  public func time(_ key: String, required: Bool = false) -> Date? {
    value(key, required: required, rule: "must be an ISO 8601 time such as 2026-01-05T04:10:00Z") { node in
      if case .text(let text) = node { OffsetDate(text)?.date } else { nil }
    }
  }
}

extension JSONWriter {
  /// The GUID with hyphens, in lower case; `null` for nil.
  public mutating func add(_ name: StaticString, _ value: UUID?) { add(name, value?.guidString) }

  /// A ``Timestamp``; `null` for nil.
  public mutating func add(_ name: StaticString, _ value: Date?) {
    self.name(name)
    if let value { plainText(Timestamp(value).append) } else { null() }
  }
}
