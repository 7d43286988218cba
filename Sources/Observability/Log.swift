import Glibc
import Synchronization

/// Writes observations to a file descriptor as log lines, which those of other processes never tear.
///
/// Routine log lines are gathered for some milliseconds and written together, as a `write()` for each takes longer than
/// making it. All others are written at once, after those gathered before. So a process that ends in order loses no log
/// line, and one that is killed loses those of its last requests.
///
/// A reader that does not keep up costs log lines and hardly any time, see ``Backlog``. The descriptor remains the
/// caller's and unchanged: `O_NONBLOCK` would apply to every process that has it open.
public final class Log: Sendable {
  private let writer: LogWriter
  private let threshold: Atomic<UInt8>

  /// - Parameters:
  ///   - descriptor: Where to write; standard error by default.
  ///   - level: The least level that is written.
  public init(descriptor: Int32 = STDERR_FILENO, level: LogLevel = .info) {
    writer = LogWriter(descriptor: descriptor)
    threshold = Atomic(level.rank)
  }

  deinit { writer.stop() }

  /// Changes the least level that is written, from the next observation on.
  public func setLevel(_ level: LogLevel) {
    threshold.store(level.rank, ordering: .relaxed)
  }

  /// Writes the observation's log line, unless its level is below the least one. What cannot be written is dropped and
  /// counted.
  public func write(_ observation: Observation) {
    guard observation.level.rank >= threshold.load(ordering: .relaxed) else { return }
    let line = LogLine.bytes(of: observation, milliseconds: Self.millisecondsSince1970())
    if observation.isRoutine { writer.gather(line) } else { writer.writeNow(line) }
  }

  static func millisecondsSince1970() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
