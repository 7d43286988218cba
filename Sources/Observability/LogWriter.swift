import Glibc
import Synchronization

/// Writes log lines to a file descriptor, at once or gathered for some milliseconds.
///
/// A thread of its own writes what was gathered, for the other threads may be busy for longer than that. The first log line
/// that is gathered starts it.
final class LogWriter: Sendable {
  /// The longest time a log line is held back, in milliseconds, if the disk or the reader keeps up.
  static let gatheringMilliseconds: UInt32 = 10
  /// More gathered bytes than this are written at once, by the thread that adds the last.
  private static let mostGathered = 65_536

  /// Its lock is never held while writing.
  private struct Gathered {
    var lines: [UInt8] = []
    /// The thread knows that there are log lines.
    var isAwaited = false
    var hasThread = false
    var isStopped = false
  }

  private let descriptor: Int32
  private let isForJournal: Bool
  private let gathered = Mutex(Gathered())
  /// Its lock is held while writing, so that log lines keep their order.
  private let backlog = Mutex(Backlog())
  /// Posted whenever there are log lines for the thread. A semaphore is safe to use from any thread, and must not move;
  /// hence unsafe.
  private nonisolated(unsafe) let lineCame = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init(descriptor: Int32, isForJournal: Bool) {
    self.descriptor = descriptor
    self.isForJournal = isForJournal
    sem_init(lineCame, 0, 0)
  }

  deinit {
    sem_destroy(lineCame)
    lineCame.deallocate()
  }

  // MARK: - Log lines

  /// Writes a log line soon, together with others.
  func gather(_ line: [UInt8]) {
    let (isFull, isFirst, startsThread) = gathered.withLock { gathered in
      gathered.lines += line
      defer { (gathered.isAwaited, gathered.hasThread) = (true, true) }
      return (gathered.lines.count > Self.mostGathered, !gathered.isAwaited, !gathered.hasThread)
    }
    if startsThread { startThread() }
    if isFirst { sem_post(lineCame) }
    if isFull { writeNow() }
  }

  /// Writes the gathered log lines, and one more.
  func writeNow(_ line: [UInt8] = []) {
    backlog.withLock { backlog in
      var lines = gathered.withLock { gathered in
        let lines = gathered.lines
        gathered.lines = []
        return lines
      }
      lines += line
      var rest = lines[...]
      while !rest.isEmpty {
        let piece = Self.piece(of: rest)
        rest = rest[piece.endIndex...]
        write(piece, &backlog)
      }
    }
  }

  /// Writes what was gathered and ends the thread.
  func stop() {
    gathered.withLock { $0.isStopped = true }
    sem_post(lineCame)
    writeNow()
  }

  private func startThread() {
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        Unmanaged<LogWriter>.fromOpaque(context!).takeRetainedValue().run()
        return nil
      }, Unmanaged.passRetained(self).toOpaque())
    precondition(code == 0, "no thread left for the log")
    pthread_detach(thread)
  }

  private func run() {
    while true {
      while sem_wait(lineCame) != 0 {}
      guard !gathered.withLock({ $0.isStopped }) else { return }
      usleep(Self.gatheringMilliseconds * 1000)
      gathered.withLock { $0.isAwaited = false }
      writeNow()
    }
  }

  // MARK: - The descriptor

  /// As many whole log lines as a pipe takes in one piece.
  private static func piece(of lines: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let most = lines.prefix(LogLineWriter.mostBytes)
    let end = most.lastIndex(of: UInt8(ascii: "\n")) ?? most.endIndex - 1
    return most[...end]
  }

  private func write(_ lines: ArraySlice<UInt8>, _ backlog: inout Backlog) {
    let now = Log.millisecondsSince1970()
    guard hasRoom(wait: 0) || hasRoom(wait: backlog.takeWait(milliseconds: now)) else {
      return backlog.wrote(0, of: lines)
    }
    if let notice = backlog.droppedNotice(milliseconds: now, isForJournal: isForJournal) {
      let written = put(notice[...])
      guard backlog.wroteNotice(written, of: notice.count), hasRoom(wait: 0) else {
        return backlog.wrote(0, of: lines)
      }
    }
    backlog.wrote(put(lines), of: lines)
  }

  /// - Returns: The number of bytes that were taken.
  private func put(_ lines: ArraySlice<UInt8>) -> Int {
    lines.withUnsafeBytes { bytes in
      var written = 0
      repeat {
        written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      } while written < 0 && errno == EINTR
      return max(written, 0)
    }
  }

  /// Whether the descriptor takes a piece without blocking, now or within `wait` milliseconds. Linux calls a pipe writable
  /// if it takes PIPE_BUF bytes, and no piece is longer. A reader that has gone counts as no room, so it raises no SIGPIPE.
  private func hasRoom(wait: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    var ready: Int32 = 0
    repeat { ready = poll(&request, 1, wait) } while ready < 0 && errno == EINTR
    return ready == 1 && request.revents == Int16(POLLOUT)
  }
}
