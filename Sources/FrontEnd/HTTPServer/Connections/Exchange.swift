import FoundationEssentials
import Observability
import Synchronization

/// One request on its way through libmicrohttpd, from its first line to the end of its answer.
///
/// libmicrohttpd calls for one connection from one thread at a time; the lock is for the task that answers.
final class Exchange: Sendable {
  enum Stage {
    /// Only the request line is known.
    case begun
    /// The head is known; the body is arriving, or discarded.
    case receiving
    /// A task is at work that has not asked for the body yet; the connection is suspended.
    case deciding
    /// The body is arriving and goes to a task.
    case streaming
    /// A task is at work; the connection is suspended.
    case answering
    case answered
  }

  struct State {
    var stage = Stage.begun
    /// Nil until the head is known.
    var request: Request?
    var plan: RequestPlan?
    var body: [UInt8] = []
    /// Where the body goes to, if a task reads it while it arrives.
    var stream: BodyStream?
    var received = 0
    /// Answered instead of whatever the request asks for, once its body has been read.
    var refusal: Response?
    /// The connection ends with the answer.
    var mustClose = false
    var started = ContinuousClock.now
    var response: (status: Int, bytes: Int, user: String?, detail: String?)?
  }

  let id: UUID
  /// The identifier as clients and logs see it.
  let idText: String
  let target: Target
  /// The length of the target as it was sent.
  let targetBytes: Int
  let state = Mutex(State())

  /// - Parameter target: As it was sent.
  init(id: UUID, target: [UInt8]) {
    self.id = id
    idText = id.uuidString.lowercased()
    self.target = Target(target)
    targetBytes = target.count
  }

  /// What is kept of it for the log.
  func record(peer: String, completed: Bool) -> RequestRecord? {
    state.withLock { state in
      guard let request = state.request, let plan = state.plan else { return nil }
      let status = state.response?.status ?? 0
      let outcome =
        !completed ? "disconnected" : status >= 500 ? "failed" : status >= 400 ? "refused" : "ok"
      return RequestRecord(
        requestID: idText, method: request.method, route: plan.route,
        operation: plan.operation, user: state.response?.user, status: status,
        outcome: outcome, seconds: (ContinuousClock.now - state.started) / .seconds(1),
        bytesIn: state.received, bytesOut: state.response?.bytes ?? 0, peer: peer,
        detail: state.response?.detail)
    }
  }
}
