/// How long each client connection may take for what it is doing: pure bookkeeping, no clock, no socket.
///
/// libmicrohttpd's own timeout counts from the last byte, so that a client which sends one every ten seconds is never
/// late. Here each phase of an exchange has an end, whatever arrives meanwhile.
struct ConnectionDeadlines: Sendable {
  struct Limits: Sendable, Equatable {
    /// From the connection to the head of its first request.
    var head: Duration
    /// From the end of one request to the head of the next.
    var idle: Duration
    /// From a request's head to the end of its body.
    var body: Duration
    /// From the end of the body to the answer.
    var request: Duration
    /// From the answer to its last byte.
    var response: Duration
    /// From a request's head to its answer, where the body is worked on while it arrives. Meanwhile no two bytes of it
    /// may be further apart than `body`, unless it was us who did not read.
    var upload = Duration.seconds(600)
  }

  enum Phase: Sendable, Equatable {
    case head
    case body
    case request
    /// The body arrives and is worked on.
    case upload
    case response
    case idle
  }

  /// What is to be done about a connection whose time is over.
  enum Verdict: Sendable, Equatable {
    case disconnect
    /// Its request is cancelled, and answered as such.
    case cancelRequest
  }

  private struct Entry {
    var deadline: Duration
    /// When something more must have arrived, if the deadline is not earlier.
    var silenceEnds: Duration?
    /// Whether the request is cancelled before the connection is cut.
    var isCancelledFirst: Bool

    var end: Duration { silenceEnds.map { min($0, deadline) } ?? deadline }
  }

  private let limits: Limits
  private var entries: [UInt: Entry] = [:]

  init(limits: Limits) { self.limits = limits }

  var count: Int { entries.count }

  /// - Parameters:
  ///   - now: Since any epoch, always the same.
  ///   - extra: What the phase may take beyond its limit.
  mutating func enter(_ phase: Phase, connection: UInt, now: Duration, extra: Duration = .zero) {
    let allowance =
      switch phase {
      case .head: limits.head
      case .body: limits.body
      case .request: limits.request
      case .upload: limits.upload
      case .response: limits.response
      case .idle: limits.idle
      }
    entries[connection] = Entry(
      deadline: now + allowance + extra, silenceEnds: phase == .upload ? now + limits.body : nil,
      isCancelledFirst: phase == .request || phase == .upload)
  }

  /// More of an upload's body has arrived, or its connection is suspended.
  mutating func progressed(_ connection: UInt, now: Duration) {
    guard entries[connection]?.silenceEnds != nil else { return }
    entries[connection]?.silenceEnds = now + limits.body
  }

  mutating func remove(_ connection: UInt) { entries[connection] = nil }

  /// Those whose time is over, each once for the phase it is in.
  mutating func expired(now: Duration) -> [(connection: UInt, verdict: Verdict)] {
    var expired: [(UInt, Verdict)] = []
    for (connection, entry) in entries where entry.end <= now {
      expired.append((connection, entry.isCancelledFirst ? .cancelRequest : .disconnect))
      // A cancelled request gets its time to answer anew; one that hangs nevertheless is cut in the end.
      entries[connection]?.isCancelledFirst = false
      entries[connection]?.deadline = now + limits.request
      entries[connection]?.silenceEnds = nil
    }
    return expired
  }
}
