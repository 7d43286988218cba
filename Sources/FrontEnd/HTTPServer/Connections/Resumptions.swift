import CMicroHTTPD
import Synchronization

/// Answered connections that libmicrohttpd is to go on with, told to it several at a time.
///
/// Each telling wakes one of its threads; where that takes the processor over from the thread that has more answers to
/// give, two threads take turns for every one of them.
final class Resumptions: Sendable {
  /// Pointers that nobody touches until they are resumed. Hence unchecked.
  private struct Waiting: @unchecked Sendable {
    var connections: [OpaquePointer] = []
    /// A task will resume them.
    var isAwaited = false
  }

  /// So many that libmicrohttpd's threads do not stand idle meanwhile.
  private static let most = 4

  private let executor: any TaskExecutor
  private let waiting = Mutex(Waiting())

  /// - Parameter executor: Where answers are given; what it has to do already comes before the resumption.
  init(executor: any TaskExecutor) { self.executor = executor }

  /// Resumes a connection as soon as the executor has nothing else to do, or enough others wait.
  func add(_ connection: OpaquePointer) {
    let (isFull, isFirst) = waiting.withLock { waiting in
      waiting.connections.append(connection)
      defer { waiting.isAwaited = true }
      return (waiting.connections.count >= Self.most, !waiting.isAwaited)
    }
    if isFull { resume() }
    if isFirst {
      Task(executorPreference: executor) { [self] in
        waiting.withLock { $0.isAwaited = false }
        resume()
      }
    }
  }

  private func resume() {
    let connections = waiting.withLock { waiting in
      let connections = waiting.connections
      waiting.connections = []
      return Waiting(connections: connections)
    }
    for connection in connections.connections { MHD_resume_connection(connection) }
  }
}
