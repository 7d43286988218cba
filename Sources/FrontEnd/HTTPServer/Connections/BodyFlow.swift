/// How a body flows from a connection to the task that reads it: every decision, and no I/O.
///
/// A connection is suspended, so that libmicrohttpd reads no more of it, in three cases: until the task has asked for
/// the body at all, so that a client that waits for `100 Continue` can be refused instead; while more than `mostUnread`
/// bytes wait; and when the body is whole and its answer is not there. Only its own thread may suspend it. Any thread may
/// resume it, as soon as none of the cases holds any more.
struct BodyFlow: Sendable, Equatable {
  /// Why the reader does not get the whole body.
  enum Failure: Error, Sendable, Equatable {
    /// The client has gone.
    case disconnected
    /// It is larger than allowed.
    case tooLarge
    /// The memory for waiting bodies is used up.
    case noMemory
    /// The task was cancelled.
    case cancelled
  }

  /// What the reader gets.
  enum Delivery: Sendable, Equatable {
    /// All bytes that wait.
    case bytes
    case end
    case failure(Failure)
  }

  /// Maximum number of unread bytes; beyond it the connection is suspended.
  static let mostUnread = 262_144
  /// Minimum number of bytes that a waiting reader is woken for, unless the body ends.
  static let worthReading = 65_536

  /// Number of bytes that wait for the reader.
  private(set) var unread = 0
  private(set) var isSuspended = false
  /// Whether the task has asked for the body.
  private(set) var isWanted = false
  private(set) var isAnswered = false
  private var isReaderWaiting = false
  /// Whether all of the body has arrived, read or discarded.
  private var isWhole = false
  private var failure: Failure?

  /// Whether bytes that arrive are discarded.
  var discards: Bool { isAnswered || failure != nil }

  private var mustBeSuspended: Bool {
    !isAnswered && (!isWanted || isWhole || unread > Self.mostUnread)
  }

  // MARK: - The connection's events, on its thread. They return whether it is to be suspended now.

  /// The head has been received, and the task is to be started.
  mutating func begin() -> Bool { suspendIfNeeded() }

  /// Bytes have arrived.
  mutating func arrived(_ count: Int) -> Bool {
    if !discards { unread += count }
    return suspendIfNeeded()
  }

  /// The body is whole.
  mutating func finished() -> Bool {
    isWhole = true
    return suspendIfNeeded()
  }

  /// The reader gets no more of the body, unless all of it has arrived. Unread bytes are discarded.
  mutating func failed(_ failure: Failure) {
    guard !isWhole, self.failure == nil else { return }
    self.failure = failure
    unread = 0
  }

  private mutating func suspendIfNeeded() -> Bool {
    guard mustBeSuspended, !isSuspended else { return false }
    isSuspended = true
    return true
  }

  // MARK: - The task's events

  /// The reader wants more.
  mutating func asked() {
    isWanted = true
    isReaderWaiting = true
  }

  /// The task has its answer; nothing more is read.
  mutating func answered() {
    isAnswered = true
    isReaderWaiting = false
    unread = 0
  }

  // MARK: - What follows

  /// What the waiting reader gets now; nil if no reader waits, or there is nothing yet.
  mutating func delivery() -> Delivery? {
    guard isReaderWaiting else { return nil }
    let delivery: Delivery
    if let failure {
      delivery = .failure(failure)
    } else if isWhole && unread == 0 {
      delivery = .end
    } else if isWhole || unread >= Self.worthReading {
      delivery = .bytes
    } else {
      return nil
    }
    isReaderWaiting = false
    unread = 0
    return delivery
  }

  /// Whether the connection is to be resumed now.
  mutating func resumeIfPossible() -> Bool {
    guard isSuspended, !mustBeSuspended else { return false }
    isSuspended = false
    return true
  }
}
