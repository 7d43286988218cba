import Authorization
import HTTPServer

/// One entry of the routing table.
struct Route: Sendable {
  /// What a path template is made of.
  enum Segment: Sendable, Equatable {
    /// Matched without case.
    case literal(String)
    case parameter(String)
  }

  /// Who may call it: anybody, or whoever has a token; what more is needed is the authorization layer's to say.
  enum Access: Sendable {
    case anybody(@Sendable (Request, [String]) async throws -> Response)
    case tokenHolder(@Sendable (Request, [String], Principal) async throws -> Response)
    /// Likewise, for what is asked for most: who the token stands for is looked up together with the work. The request is
    /// decoded first.
    case tokenHolderAtOnce(@Sendable (Request, [String]) throws -> Work)
    /// The body is read while it arrives; the request has none.
    case streamingTokenHolder(@Sendable (Request, BodyStream, [String], Principal) async throws -> Response)
  }

  /// What remains to be done with a request that is decoded, for the holder of a token.
  typealias Work = @Sendable (_ bearer: String?) async -> Attributed<Response>

  let method: String
  /// As in the documents, such as `/ccs/api/v1/Jobs/{JobID}`.
  let template: String
  /// The documented name.
  let operation: String
  /// The most bytes of a request's body.
  let bodyLimit: Int
  let access: Access
  /// How long the client may ask to wait, beyond what a request may take. Whoever waits is looked after: when the
  /// client has gone, the request is cancelled.
  let longestWait: Duration
  let segments: [Segment]

  init(
    _ method: String, _ template: String, operation: String, bodyLimit: Int, access: Access,
    longestWait: Duration = .zero
  ) {
    self.method = method
    self.template = template
    self.operation = operation
    self.bodyLimit = bodyLimit
    self.access = access
    self.longestWait = longestWait
    segments = template.split(separator: "/").map {
      $0.first == "{" ? .parameter(String($0.dropFirst().dropLast())) : .literal(String($0))
    }
  }

  /// Whether the body is read while it arrives.
  var streams: Bool { if case .streamingTokenHolder = access { true } else { false } }

  /// The values of the template's parameters; nil if the path is another.
  func match(_ path: [String]) -> [String]? {
    guard path.count == segments.count else { return nil }
    var values: [String] = []
    for (segment, part) in zip(segments, path) {
      switch segment {
      case .literal(let literal): guard literal.equalsIgnoringASCIICase(part) else { return nil }
      case .parameter: values.append(part)
      }
    }
    return values
  }
}
