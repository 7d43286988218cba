import Authorization
import HTTPServer

/// One entry of the routing table: which request is which operation, and what answers it. Who may call it follows from
/// the operation.
struct Route: Sendable {
  /// What a path template is made of.
  enum Segment: Sendable, Equatable {
    /// Matched without case.
    case literal(String)
    case parameter(String)
  }

  /// Decodes a request, calls one method of a gate, and encodes what it answers.
  ///
  /// - Parameters:
  ///   - values: Those of the template's parameters, as sent.
  ///   - context: The gate adds the caller's name.
  typealias Handler =
    @Sendable (
      _ request: Request, _ values: [String], _ context: inout RequestContext
    ) async throws -> Response

  /// Likewise, for a body that is read while it arrives; the request has none.
  typealias StreamHandler =
    @Sendable (
      _ request: Request, _ body: BodyStream, _ values: [String], _ context: inout RequestContext
    ) async throws -> Response

  enum Answer: Sendable {
    case whole(Handler)
    case streaming(StreamHandler)
  }

  let method: String
  /// As in the documents, such as `/ccs/api/v1/Jobs/{JobID}`.
  let template: String
  let operation: Operation
  /// Operations that the same method and path stand for, with other parameters.
  let variants: [Operation]
  /// Maximum length of a request's body, in bytes.
  let bodyLimit: Int
  /// How long the client may ask to wait, beyond what any request may take. If such a client disconnects, its request
  /// is cancelled.
  let longestWait: Duration
  let answer: Answer
  /// Whether a body means anything.
  var readsBody: Bool { method != "GET" && method != "DELETE" }
  /// Whether it only reads: then no outcome is ever unknown.
  var changesNothing: Bool { method == "GET" || operation == .getEvaluationResults }
  let segments: [Segment]

  init(
    _ method: String, _ template: String, _ operation: Operation, variants: [Operation] = [], bodyLimit: Int,
    longestWait: Duration = .zero, _ answer: Answer
  ) {
    self.method = method
    self.template = template
    self.operation = operation
    self.variants = variants
    self.bodyLimit = bodyLimit
    self.longestWait = longestWait
    self.answer = answer
    segments = template.split(separator: "/").map {
      $0.first == "{" ? .parameter(String($0.dropFirst().dropLast())) : .literal(String($0))
    }
  }

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
