import Authorization
import Domain
import FoundationEssentials
import HTTPServer

/// The validator of a representation (RFC 9110, section 8.8.3): `"3"`, or `W/"3"` if it is weak.
struct EntityTag: Sendable, Equatable {
  let isWeak: Bool
  /// Without the quotation marks.
  let text: String
}

/// The condition of `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2).
enum EntityTagCondition: Sendable, Equatable {
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

  /// A list of tags; elements may be empty (section 5.6.1), and a tag may contain commas.
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
  /// The tag of a job as its answers show it: `"3"`, or `"3-…"` once it has run or is due.
  ///
  /// The tag is strong, so it changes whenever the body does (RFC 9110, section 8.8.1): with the version of the
  /// definition, and with what runs change, which a digest (FNV-1a) stands for.
  init(_ job: Job) {
    isWeak = false
    guard job.lastRunStatus != nil || job.lastRunAt != nil || job.nextRunAt != nil else {
      text = String(job.version)
      return
    }
    var digest: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { digest = (digest ^ UInt64(byte)) &* 0x100_0000_01B3 }
    for byte in (job.lastRunStatus?.rawValue ?? "").utf8 { add(byte) }
    for time in [job.lastRunAt, job.nextRunAt] {
      let microseconds = time.map { Int64(($0.timeIntervalSince1970 * 1_000_000).rounded()) } ?? .min
      withUnsafeBytes(of: microseconds) { for byte in $0 { add(byte) } }
    }
    text = "\(job.version)-\(String(digest, radix: 36))"
  }

  /// As a header field has it.
  var field: String { "\(isWeak ? "W/" : "")\"\(text)\"" }

  /// The version of the definition that a strong tag of ours names.
  fileprivate var version: Int? {
    let number = text.prefix { $0 != "-" }
    guard !isWeak, let version = Int(number), String(version) == number else { return nil }
    return number.endIndex == text.endIndex || text.utf8.count > number.utf8.count + 1 ? version : nil
  }
}

extension Request {
  /// What the request requires of the job that it changes or deletes.
  ///
  /// Of the tags in `If-Match` only the version of the definition counts: a run that started or ended since the client
  /// read the job is no lost update, and must not keep the client from changing the definition. A weak tag never
  /// matches, nor does one that the service has not made.
  var jobPrecondition: JobPrecondition {
    get throws(Problem) {
      let absence = headers.values("If-None-Match")
      if !absence.isEmpty {
        guard EntityTagCondition(absence) == .any else {
          throw Problem(400, "If-None-Match is invalid: only * is supported where a job is changed.")
        }
        return .absent
      }
      let values = headers.values("If-Match")
      guard !values.isEmpty else { return .none }
      switch EntityTagCondition(values) {
      case nil:
        throw Problem(
          400,
          "If-Match is malformed: expected one or more ETags in quotation marks, separated by commas, or *.")
      case .any: return .none
      case .oneOf(let tags): return .versions(tags.compactMap(\.version))
      }
    }
  }

  /// Whether the client has the representation already (RFC 9110, section 13.1.2). A malformed field counts as absent.
  fileprivate func isCurrent(_ tag: EntityTag) -> Bool {
    switch EntityTagCondition(headers.values("If-None-Match")) {
    case nil: false
    case .any: true
    case .oneOf(let tags): tags.contains { $0.text == tag.text }
    }
  }
}

extension Response {
  /// Adds the tag of what it shows.
  func tagged(_ tag: EntityTag) -> Response {
    var response = self
    response.headers.append(("ETag", tag.field))
    return response
  }

  /// The answer to a GET: this one with its tag, or 304 if the client has it already. Of a 304 only the head is sent;
  /// its Content-Length is that of the body (RFC 9110, section 8.6).
  func tagged(_ tag: EntityTag, for request: Request) -> Response {
    guard request.isCurrent(tag) else { return tagged(tag) }
    return Response(status: 304, headers: [("ETag", tag.field)], body: body)
  }
}
