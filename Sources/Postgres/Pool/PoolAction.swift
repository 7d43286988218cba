/// A connection of a pool, from the attempt to open it until it is closed. Numbers are not reused.
struct ConnectionID: Hashable, Sendable {
  let number: UInt64
}

/// A request for a connection. The pool's shell chooses the number and does not reuse it.
struct RequestID: Hashable, Sendable {
  let number: UInt64
}

extension PoolStateMachine {
  /// What the shell must do.
  enum Action: Hashable, Sendable {
    /// Open a connection; report `opened` or `openFailed`. The attempt must have a deadline: the next one may be waiting
    /// for it.
    case open(ConnectionID)
    /// Close a connection, or give up the attempt to open it. The machine no longer knows it; nothing needs to be
    /// reported, and later reports are harmless.
    case close(ConnectionID)
    /// Prove by a round trip that a connection is alive; report `proved` or `lost`. The proof must have a deadline.
    case prove(ConnectionID)
    /// The request has the connection, until it returns it with `release`.
    case grant(RequestID, ConnectionID)
    /// The request gets no connection.
    case refuse(RequestID, Refusal)
    /// Call `tick` at this time. It replaces the time named before.
    case wake(at: Duration)
    /// The pool was shut down and has no connections left. Returned exactly once.
    case drained
  }

  /// Why a request gets no connection.
  enum Refusal: Hashable, Sendable {
    /// The queue of waiting requests is full.
    case queueFull
    /// No connection became free before the request's deadline.
    case timedOut
    /// There is no connection, and the last attempt to open one has failed.
    case unavailable
    /// The pool is shutting down or has shut down.
    case shutDown
  }
}
