import Glibc
import Synchronization

/// Writes observations to a file descriptor, as lines that are never torn by those of other writers.
///
/// What happens at every request is gathered for some milliseconds and written together, as a `write()` for each line
/// takes longer than making it. Everything else is written at once, after what was gathered before it. So a process that
/// ends in order loses no line, and one that is killed the lines of its last requests.
///
/// A reader that does not keep up costs lines and hardly any time, see ``Backlog``. The descriptor stays the
/// caller's and is left as it is: `O_NONBLOCK` would be shared with every process that has it open.
public final class Log: Sendable {
  private let writer: LogWriter
  private let threshold: Atomic<UInt8>

  /// - Parameters:
  ///   - descriptor: where to write; standard error unless told otherwise.
  ///   - level: the least level that is written.
  public init(descriptor: Int32 = STDERR_FILENO, level: LogLevel = .info) {
    writer = LogWriter(descriptor: descriptor)
    threshold = Atomic(level.rank)
  }

  deinit { writer.stop() }

  /// Changes the least level that is written, from the next line on.
  public func setLevel(_ level: LogLevel) {
    threshold.store(level.rank, ordering: .relaxed)
  }

  /// Writes the observation's line, unless its level is below the least one. What cannot be written is dropped
  /// and counted: a log has nobody to complain to.
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
