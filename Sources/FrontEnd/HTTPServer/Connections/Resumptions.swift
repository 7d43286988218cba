import Synchronization

/// Connections that libmicrohttpd is to go on with, several at a time.
///
/// Each resumption wakes one of its threads. If that thread displaces the one that has more answers to give, the two
/// alternate for every single answer.
final class Resumptions: Sendable {
  private struct Waiting {
    var connections: [MHDConnection] = []
    /// A task will resume them.
    var isAwaited = false
  }

  /// Maximum number that waits, so that libmicrohttpd's threads do not stand idle meanwhile.
  private static let most = 4

  private let executor: any TaskExecutor
  private let waiting = Mutex(Waiting())

  /// - Parameter executor: Where requests are answered; its pending work comes before the resumption.
  init(executor: any TaskExecutor) { self.executor = executor }

  /// Resumes a connection as soon as the executor has nothing else to do, or enough others wait.
  func add(_ connection: MHDConnection) {
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
      defer { waiting.connections = [] }
      return waiting.connections
    }
    for connection in connections { connection.resume() }
  }
}
