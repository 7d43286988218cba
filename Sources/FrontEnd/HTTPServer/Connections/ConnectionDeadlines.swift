/// How long each client connection may take for what it is doing: pure bookkeeping, no clock, no socket.
///
/// libmicrohttpd's own timeout counts from the last byte, so that a client which sends one every ten seconds is never
/// late. Here each phase of an exchange has an end. Where the client sends or reads much, the end moves on with each byte
/// by what a byte takes at the least rate, but never further away than the phase's time: so a client is late if it stands
/// still for that long, or is slower than the least rate for longer.
struct ConnectionDeadlines: Sendable {
  struct Limits: Sendable, Equatable {
    /// From the connection to the head of its first request.
    var head: Duration
    /// From the end of one request to the head of the next.
    var idle: Duration
    /// How long the body of a request may stand still.
    var body: Duration
    /// From the end of the body to the answer.
    var request: Duration
    /// How long the sending of an answer may stand still.
    var response: Duration
    /// From a request's head to the end of its body; to its answer, where the body is worked on while it arrives.
    var upload = Duration.seconds(600)
    /// Of bodies and answers, in bytes a second.
    var leastRate = 1000
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

  /// Bytes that a connection has moved since it began.
  struct Traffic: Sendable, Equatable {
    var received: Int
    /// Sent, and acknowledged by the client.
    var acknowledged: Int
  }

  private struct Entry {
    var phase: Phase
    /// Nil if there is only the least rate.
    var deadline: Duration?
    /// When the client is late unless more bytes are moved.
    var slowEnd: Duration?
    /// How far away `slowEnd` may be.
    var patience = Duration.zero
    /// What had been moved when it was last looked at.
    var moved: Int?
    /// Whether the request is cancelled before the connection is cut.
    var isCancelledFirst: Bool

    func isOver(_ now: Duration) -> Bool {
      deadline.map { $0 <= now } ?? false || slowEnd.map { $0 <= now } ?? false
    }
  }

  private let limits: Limits
  private var entries: [UInt: Entry] = [:]

  init(limits: Limits) { self.limits = limits }

  var count: Int { entries.count }

  /// - Parameters:
  ///   - now: Since any epoch, always the same.
  ///   - extra: What the phase may take beyond its limit.
  mutating func enter(_ phase: Phase, connection: UInt, now: Duration, extra: Duration = .zero) {
    let (time, patience): (Duration?, Duration?) =
      switch phase {
      case .head: (limits.head, nil)
      case .idle: (limits.idle, nil)
      case .request: (limits.request, nil)
      case .body, .upload: (limits.upload, limits.body)
      case .response: (nil, limits.response)
      }
    entries[connection] = Entry(
      phase: phase, deadline: time.map { now + $0 + extra }, slowEnd: patience.map { now + $0 },
      patience: patience ?? .zero,
      isCancelledFirst: phase == .request || phase == .upload)
  }

  /// Those that must keep to the least rate.
  var watched: [UInt] { entries.filter { $0.value.slowEnd != nil }.map(\.key) }

  /// Looks at what a connection has moved. The first look in a phase finds where the others count from.
  mutating func look(at connection: UInt, _ traffic: Traffic, now: Duration) {
    guard let entry = entries[connection], let slowEnd = entry.slowEnd else { return }
    let moved = entry.phase == .response ? traffic.acknowledged : traffic.received
    let bytes = min(max(0, moved - (entry.moved ?? moved)), 1 << 40)
    // In milliseconds, as Duration's division is slow.
    let gained = Duration.milliseconds(bytes * 1000 / limits.leastRate)
    entries[connection]?.slowEnd = min(slowEnd + gained, now + entry.patience)
    entries[connection]?.moved = moved
  }

  /// The server does not read what the client sends, so that the client is not late.
  mutating func paused(_ connection: UInt, now: Duration) {
    guard let entry = entries[connection], entry.slowEnd != nil else { return }
    entries[connection]?.slowEnd = now + entry.patience
  }

  mutating func remove(_ connection: UInt) { entries[connection] = nil }

  /// Those whose time is over, each once for the phase it is in.
  mutating func expired(now: Duration) -> [(connection: UInt, verdict: Verdict)] {
    var expired: [(UInt, Verdict)] = []
    for (connection, entry) in entries where entry.isOver(now) {
      expired.append((connection, entry.isCancelledFirst ? .cancelRequest : .disconnect))
      // A cancelled request gets its time to answer anew; one that hangs nevertheless is cut in the end.
      entries[connection]?.isCancelledFirst = false
      entries[connection]?.deadline = now + limits.request
      entries[connection]?.slowEnd = nil
    }
    return expired
  }
}
