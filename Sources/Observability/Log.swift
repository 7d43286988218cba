import Glibc
import Synchronization

/// Writes observations to a file descriptor as log lines, which those of other processes never tear.
///
/// Routine log lines are gathered for some milliseconds and written together, as a `write()` for each takes longer than
/// making it. All others are written at once, after those gathered before. So a process that ends in order loses no log
/// line, and one that is killed loses those of its last requests.
///
/// Of log lines that anybody can cause, those beyond ten of a kind are counted, see ``Repetition``.
///
/// A reader that does not keep up costs log lines and hardly any time, see ``Backlog``. The descriptor remains the
/// caller's and unchanged: `O_NONBLOCK` would apply to every process that has it open.
public final class Log: Sendable {
  private let writer: LogWriter
  private let threshold: Atomic<UInt8>
  private let isForJournal: Bool
  private let repetitions = Mutex(RepetitionTable())

  /// - Parameters:
  ///   - descriptor: Where to write; standard error by default.
  ///   - level: The least level that is written.
  ///   - isForJournal: Whether log lines begin with their priority; by default, whether the journal reads the descriptor.
  public init(descriptor: Int32 = STDERR_FILENO, level: LogLevel = .info, isForJournal: Bool? = nil) {
    self.isForJournal = isForJournal ?? Journal.reads(descriptor)
    writer = LogWriter(descriptor: descriptor, isForJournal: self.isForJournal)
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
    if let repetition = observation.repetition, !repetitions.withLock({ $0.admits(repetition) }) { return }
    let line = LogLine.bytes(
      of: observation, milliseconds: Self.millisecondsSince1970(), isForJournal: isForJournal)
    if observation.isRoutine { writer.gather(line) } else { writer.writeNow(line) }
  }

  /// Writes the numbers of log lines that were not written since the last call. To be called once a second.
  public func writeRepetitions() {
    for (repetition, count) in repetitions.withLock({ $0.takeCounts() }) {
      write(.repeated(repetition, count: count))
    }
  }

  static func millisecondsSince1970() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
  }
}
