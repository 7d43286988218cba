import Foundation
import Glibc
import Synchronization

/// Puts away what the tests have made outside of their process, however the process ends: it is a shell that
/// waits for the end of a pipe, which is closed when the process is gone.
final class Custodian: Sendable {
  private static let all = Mutex<[Custodian]>([])

  private let shell: Child
  /// The writing end of the pipe; nil once it is closed.
  private let pipe: Mutex<Int32?>

  /// - Parameters:
  ///   - script: What to do at the end; the lines that were told are in the variable `lines`.
  ///   - arguments: The script's `$1` and so on.
  init(_ script: String, _ arguments: [String], environment: [String: String]? = nil) throws {
    var ends: [Int32] = [-1, -1]
    guard Glibc.pipe(&ends) == 0 else { throw CocoaError(.fileWriteUnknown) }
    _ = fcntl(ends[1], F_SETFD, FD_CLOEXEC)
    let nowhere = open("/dev/null", O_WRONLY)
    defer {
      close(ends[0])
      close(nowhere)
    }
    // An interrupt from the terminal goes to every process of the group: not before the tests have ended.
    let waiting = "trap '' INT TERM HUP; lines=; while read -r line; do lines=\"$lines $line\"; done; "
    shell = try Child(
      ["/bin/sh", "-c", waiting + script, "sh"] + arguments, environment: environment, input: ends[0],
      output: nowhere)
    pipe = Mutex(ends[1])
    let isFirst = Self.all.withLock { all in
      all.append(self)
      return all.count == 1
    }
    if isFirst { atexit { for custodian in Custodian.all.withLock({ $0 }) { custodian.finish() } } }
  }

  /// Tells a line that the script may want at the end.
  func tell(_ line: String) {
    pipe.withLock { if let writer = $0 { _ = write(writer, "\(line)\n", line.utf8.count + 1) } }
  }

  /// Lets the script run, and waits for its end, at most 20 seconds. Further calls are without effect.
  func finish() {
    guard let writer = pipe.withLock({ $0.take() }) else { return }
    close(writer)
    var patience = 1000
    while !shell.hasEnded, patience > 0 {
      usleep(20_000)
      patience -= 1
    }
  }
}
