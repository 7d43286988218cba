import Domain
import HTTPServer

extension Request {
  /// Reads the body as JSON, and what it says with `read`. Its Content-Type does not count: the known clients send any.
  ///
  /// A large body is read beside the loop, which has other requests to answer meanwhile.
  ///
  /// - Parameters:
  ///   - emptyIsObject: Whether an empty body is as good as an object without fields.
  ///   - read: What it notes as wrong counts, whatever it answers.
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

  /// Reads the fields of the body, which is an object whose names may be in any case, or empty.
  ///
  /// - Parameter read: Asks for every field that there may be.
  func jsonFields<Value: Sendable>(
    _ read: @escaping @Sendable (ObjectReader) -> Value?
  ) async throws(Problem) -> Value {
    try await json(emptyIsObject: true) { node, problems in
      ObjectReader.read(node, at: .root, problems, ignoringCase: true, read)
    }
  }

  /// What is read within about a millisecond, in bytes.
  private static let smallBody = 16_384

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func value<Value: Sendable>(
    of body: [UInt8], _ read: (JSONNode, JSONProblems) -> Value?
  ) -> Result<Value, Problem> {
    let problems = JSONProblems()
    do throws(JSONNode.Malformed) {
      let node = try JSONNode(json: body)
      if let value = read(node, problems), problems.all.isEmpty { return .success(value) }
    } catch {
      problems.note(.root, rule: "is no JSON: \(error.reason), at byte \(error.offset)")
    }
    return .failure(Problem(fields: problems.all))
  }
}
