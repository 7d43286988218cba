import Glibc

/// The standard streams.
struct Terminal: Sendable {
  /// Whether standard input is a terminal.
  let isTypedAt = isatty(STDIN_FILENO) == 1
  /// Whether standard error is a terminal.
  let showsMessages = isatty(STDERR_FILENO) == 1

  /// Writes to standard output.
  func write(_ text: String) throws(CommandFailure) {
    guard Self.write(text, to: STDOUT_FILENO) else {
      throw CommandFailure(.failed, "standard output: \(String(cString: strerror(errno)))")
    }
  }

  /// Writes to standard error.
  func report(_ text: String) {
    _ = Self.write(text, to: STDERR_FILENO)
  }

  /// Shows progress over the previous one, on a terminal only.
  func show(progress: String) {
    if showsMessages { report("\r\u{1B}[K\(progress)") }
  }

  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0 {
        if errno == EINTR { continue }
        return false
      }
      bytes = bytes.dropFirst(written)
    }
    return true
  }

  /// The next byte of standard input; nil at its end.
  func readByte() -> UInt8? {
    var byte: UInt8 = 0
    while true {
      let count = read(STDIN_FILENO, &byte, 1)
      if count == 1 { return byte }
      if count < 0, errno == EINTR { continue }
      return nil
    }
  }
}
