import Glibc
import Synchronization

/// Writes observations to a file descriptor, a line in a single `write()`.
///
/// A reader that does not keep up costs lines and hardly any time, see ``Backlog``. The descriptor stays the
/// caller's and is left as it is: `O_NONBLOCK` would be shared with every process that has it open.
public final class Log: Sendable {
  private let descriptor: Int32
  private let threshold: Atomic<UInt8>
  private let backlog = Mutex(Backlog())

  /// - Parameters:
  ///   - descriptor: where to write; standard error unless told otherwise.
  ///   - level: the least level that is written.
  public init(descriptor: Int32 = STDERR_FILENO, level: LogLevel = .info) {
    self.descriptor = descriptor
    self.threshold = Atomic(level.rank)
  }

  /// Changes the least level that is written, from the next line on.
  public func setLevel(_ level: LogLevel) {
    threshold.store(level.rank, ordering: .relaxed)
  }

  /// Writes the observation's line, unless its level is below the least one. What cannot be written is dropped
  /// and counted: a log has nobody to complain to.
  public func write(_ observation: Observation) {
    guard observation.level.rank >= threshold.load(ordering: .relaxed) else { return }
    let now = Self.millisecondsSince1970()
    let line = LogLine.bytes(of: observation, milliseconds: now)
    backlog.withLock { backlog in
      guard hasRoom(wait: 0) || hasRoom(wait: backlog.takeWait(milliseconds: now)) else {
        return backlog.wrote(0, of: line.count)
      }
      if let apology = backlog.apology(milliseconds: now) {
        let written = put(apology)
        guard backlog.apologised(written: written, of: apology.count), hasRoom(wait: 0) else {
          return backlog.wrote(0, of: line.count)
        }
      }
      backlog.wrote(put(line), of: line.count)
    }
  }

  /// Returns the number of bytes that were taken.
  private func put(_ line: [UInt8]) -> Int {
    line.withUnsafeBytes { bytes in
      var written = 0
      repeat {
        written = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
      } while written < 0 && errno == EINTR
      return max(written, 0)
    }
  }

  /// True if a line can be written without waiting, now or within `wait` milliseconds. Linux calls a pipe
  /// writable if it takes PIPE_BUF bytes, and no line is longer. A reader that has gone counts as no room, so
  /// it raises no SIGPIPE.
  private func hasRoom(wait: Int32) -> Bool {
    var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    var ready: Int32 = 0
    repeat { ready = poll(&request, 1, wait) } while ready < 0 && errno == EINTR
    return ready == 1 && request.revents == Int16(POLLOUT)
  }

  private static func millisecondsSince1970() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
