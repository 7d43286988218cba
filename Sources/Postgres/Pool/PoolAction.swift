/// One connection of a pool, from the attempt to open it until it is closed. A number is never used twice.
struct ConnectionID: Hashable, Sendable {
  let number: UInt64
}

/// One request for a connection. The caller of the pool chooses the number and never uses it twice.
struct RequestID: Hashable, Sendable {
  let number: UInt64
}

extension PoolStateMachine {
  /// What the shell is to do.
  enum Action: Hashable, Sendable {
    /// Begin to open a connection; report `opened` or `openFailed`. The attempt must end by itself some time:
    /// the next one may be waiting for it.
    case open(ConnectionID)
    /// Close a connection, or give up the attempt to open it. The machine has forgotten it already; nothing
    /// need be reported, and what is reported nevertheless does no harm.
    case close(ConnectionID)
    /// The request has the connection, until it is given back with `release`.
    case grant(RequestID, ConnectionID)
    /// The request gets no connection.
    case refuse(RequestID, Refusal)
    /// Call `tick` at this time. It replaces the time named before: one timer is enough.
    case wake(at: Duration)
    /// The pool was shut down and nothing is left. Comes exactly once.
    case drained
  }

  /// Why a request gets no connection.
  enum Refusal: Hashable, Sendable {
    /// As many requests wait as may.
    case queueFull
    /// No connection became free before the request's deadline.
    case timedOut
    /// There is no connection, and the last attempt to open one has failed.
    case unavailable
    /// The pool is shutting down or has shut down.
    case shutDown
  }
}
