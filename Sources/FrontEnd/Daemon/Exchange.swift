import Authorization
import Domain
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
    var method = ""
    var headers = Headers()
    var route: Route?
    var pathValues: [String] = []
    var template = "unmatched"
    var body: [UInt8] = []
    /// Where the body goes to, if a task reads it while it arrives.
    var stream: BodyStream?
    var received = 0
    /// Answered instead of whatever the request asks for, once its body has been read.
    var refusal: Problem?
    /// The connection ends with the answer.
    var mustClose = false
    var started = ContinuousClock.now
    var response: (status: Int, bytes: Int, user: String?, detail: String?)?
  }

  let id = UUID.timeOrdered()
  let target: Target
  /// The length of the target as it was sent.
  let targetBytes: Int
  let state = Mutex(State())

  /// - Parameter target: As it was sent.
  init(target: [UInt8]) {
    self.target = Target(target)
    targetBytes = target.count
  }

  /// What is kept of it for the log.
  func record(peer: String, completed: Bool) -> RequestRecord? {
    state.withLock { state in
      guard state.stage != .begun else { return nil }
      let status = state.response?.status ?? 0
      let outcome =
        !completed ? "disconnected" : status >= 500 ? "failed" : status >= 400 ? "refused" : "ok"
      return RequestRecord(
        requestID: id.guidString, method: state.method, route: state.template,
        operation: state.route?.operation ?? "none", user: state.response?.user, status: status,
        outcome: outcome, seconds: (ContinuousClock.now - state.started) / .seconds(1),
        bytesIn: state.received, bytesOut: state.response?.bytes ?? 0, peer: peer,
        detail: state.response?.detail)
    }
  }
}
