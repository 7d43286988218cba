import FoundationEssentials

/// What the server serves, as seen from HTTP: it plans each request from its head, and answers it.
///
/// All methods are called on libmicrohttpd's threads and must not block; the closures of a plan run as tasks.
public protocol Application: Sendable {
  /// A new request identifier. The client finds it in `X-Request-ID`.
  func newRequestID() -> UUID

  /// Decides from the head of a request how its body is received and what answers it.
  ///
  /// - Parameter request: The request without its body.
  func plan(for request: Request) -> RequestPlan

  /// The answer to a request that the server itself refuses.
  func response(to fault: RequestFault, requestID: UUID) -> Response
}

/// How a request is received and answered.
public struct RequestPlan: Sendable {
  public enum Answer: Sendable {
    /// The body is read and discarded before this is sent.
    case refusal(Response)
    /// The body is read and discarded before the request is answered.
    case ignoringBody(@Sendable (Request) async -> Response)
    /// The body is read as a whole before the request is answered.
    case whole(@Sendable (Request) async -> Response)
    /// The request is answered by a task that reads its body, as a whole, if it is worth reading.
    case onDemand(@Sendable (Request, BodyStream) async -> Response)
    /// The request, without its body, is answered while the body arrives.
    case streaming(@Sendable (Request, BodyStream) async -> Response)
  }

  /// The route's template, such as `/Jobs/{JobID}`, for logs and metrics: one of a bounded set.
  public var route: String
  /// The operation's documented name, for logs.
  public var operation: String
  /// Maximum length of the body, in bytes; a longer one is answered with 413.
  public var bodyLimit: Int
  /// How long the client may ask to wait, beyond what any request may take. If such a client disconnects, its request
  /// is cancelled.
  public var longestWait: Duration
  public var answer: Answer

  /// Creates a plan; each parameter is the property of its name.
  public init(
    route: String, operation: String, bodyLimit: Int, longestWait: Duration = .zero, answer: Answer
  ) {
    self.route = route
    self.operation = operation
    self.bodyLimit = bodyLimit
    self.longestWait = longestWait
    self.answer = answer
  }
}
