import Domain
import HTTPServer

/// The validator of a representation (RFC 9110, section 8.8.3): `"3"`, or `W/"3"` if it is weak.
struct EntityTag: Sendable, Equatable {
  let isWeak: Bool
  /// Without the quotation marks.
  let text: String
}

/// The condition of `If-Match` (RFC 9110, section 13.1.1).
enum IfMatch: Sendable, Equatable {
  /// `*`: whatever there is.
  case any
  case oneOf([EntityTag])

  /// Reads the field's values, in order.
  ///
  /// - Returns: nil if they are malformed.
  init?(_ values: [String]) {
    if values.count == 1, values[0].trimmed == "*" {
      self = .any
      return
    }
    var tags: [EntityTag] = []
    for value in values {
      guard let found = Self.tags(Array(value.utf8)) else { return nil }
      tags += found
    }
    guard !tags.isEmpty else { return nil }
    self = .oneOf(tags)
  }

  /// A list of tags; elements may be empty (section 5.6.1), and a comma may stand inside of a tag.
  private static func tags(_ value: [UInt8]) -> [EntityTag]? {
    var tags: [EntityTag] = []
    var rest = value[...]
    func skipSpace() { rest = rest.drop { $0 == 0x20 || $0 == 0x09 } }
    while true {
      skipSpace()
      guard !rest.isEmpty else { return tags }
      if rest.first != UInt8(ascii: ",") {
        let isWeak = rest.starts(with: Array("W/".utf8))
        if isWeak { rest = rest.dropFirst(2) }
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        let text = rest.dropFirst().prefix { $0 == 0x21 || (0x23...0x7E).contains($0) || $0 >= 0x80 }
        rest = rest[text.endIndex...]
        guard rest.first == UInt8(ascii: "\"") else { return nil }
        rest = rest.dropFirst()
        tags.append(EntityTag(isWeak: isWeak, text: String(decoding: text, as: UTF8.self)))
        skipSpace()
      }
      guard rest.isEmpty || rest.first == UInt8(ascii: ",") else { return nil }
      rest = rest.dropFirst()
    }
  }
}

extension EntityTag {
  /// A job's definition; its runs do not change the tag.
  static func of(version: Int) -> String { "\"\(version)\"" }
}

extension Request {
  /// The versions of a job of which `If-Match` wants one; nil if it wants none in particular. A weak tag never
  /// matches, nor does one that we have not made.
  var wantedVersions: [Int]? {
    get throws(Problem) {
      let values = headers.values("If-Match")
      guard !values.isEmpty else { return nil }
      guard let condition = IfMatch(values) else {
        throw Problem(
          400, "If-Match is malformed: an ETag in quotation marks, several with commas, or * is wanted.")
      }
      switch condition {
      case .any: return nil
      case .oneOf(let tags):
        return tags.compactMap { tag in
          Int(tag.text).flatMap { !tag.isWeak && "\($0)" == tag.text ? $0 : nil }
        }
      }
    }
  }
}
