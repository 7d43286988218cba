import Foundation
import Glibc
import Synchronization

/// Removes what the tests created outside their process, however the process ends: a shell that waits for the end of
/// a pipe, which the system closes together with the process.
final class CleanupProcess: Sendable {
  private static let all = Mutex<[CleanupProcess]>([])

  private let shell: Child
  /// The writing end of the pipe; nil once it is closed.
  private let pipe: Mutex<Int32?>

  /// - Parameters:
  ///   - script: Runs at the end, with the added lines in the variable `lines`.
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
    // An interrupt from the terminal goes to the whole process group, but the shell must outlive the tests.
    let waiting = "trap '' INT TERM HUP; lines=; while read -r line; do lines=\"$lines $line\"; done; "
    shell = try Child(
      ["/bin/sh", "-c", waiting + script, "sh"] + arguments, environment: environment, input: ends[0],
      output: nowhere)
    pipe = Mutex(ends[1])
    let isFirst = Self.all.withLock { all in
      all.append(self)
      return all.count == 1
    }
    if isFirst { atexit { for cleanup in CleanupProcess.all.withLock({ $0 }) { cleanup.finish() } } }
  }

  /// Adds a line for the script.
  func add(_ line: String) {
    pipe.withLock { if let writer = $0 { _ = write(writer, "\(line)\n", line.utf8.count + 1) } }
  }

  /// Runs the script and waits at most 20 seconds for its end. Further calls have no effect.
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
