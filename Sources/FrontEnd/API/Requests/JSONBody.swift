import Domain
import HTTPServer
import JSON

extension Request {
  /// Parses the body as JSON and decodes it with `read`. The Content-Type is ignored, for the known clients send any.
  ///
  /// A large body is parsed off the event loop, which serves other requests meanwhile.
  ///
  /// - Parameters:
  ///   - emptyIsObject: Whether an empty body counts as an object without fields.
  ///   - read: If it notes a problem, its result is ignored.
  /// - Throws: A problem with every field that is wrong (400).
  func json<Value: Sendable>(
    emptyIsObject: Bool = false, _ read: @escaping @Sendable (JSONNode, JSONProblems) -> Value?
  ) async throws(Problem) -> Value {
    let body = emptyIsObject && body.allSatisfy(Self.isBlank) ? Array("{}".utf8) : body
    let result =
      body.count <= Self.smallBody
      ? Self.value(of: body, read) : await Task.detached { Self.value(of: body, read) }.value
    return try result.get()
  }

  /// Decodes the fields of the body: an object whose names may be in any case, or empty.
  ///
  /// - Parameter read: Reads every known field; others are rejected as unknown.
  func jsonFields<Value: Sendable>(
    _ read: @escaping @Sendable (ObjectReader) -> Value?
  ) async throws(Problem) -> Value {
    try await json(emptyIsObject: true) { node, problems in
      ObjectReader.read(node, at: .root, problems, ignoringCase: true, read)
    }
  }

  /// Bodies up to this many bytes are parsed within about a millisecond.
  private static let smallBody = 16_384

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func value<Value: Sendable>(
    of body: [UInt8], _ read: (JSONNode, JSONProblems) -> Value?
  ) -> Result<Value, Problem> {
    let problems = JSONProblems()
    do throws(MalformedJSON) {
      let node = try JSONNode(json: body)
      if let value = read(node, problems), problems.all.isEmpty { return .success(value) }
    } catch {
      problems.note(.root, rule: "is not JSON: \(error.reason), at byte \(error.offset)")
    }
    return .failure(Problem(fields: problems.all))
  }
}
