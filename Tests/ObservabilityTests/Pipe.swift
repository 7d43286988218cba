import Glibc

/// A pipe to write a log into, closed when it goes.
final class Pipe: Sendable {
  let reader: Int32
  let writer: Int32

  init() {
    var ends: [Int32] = [-1, -1]
    let result = pipe(&ends)
    precondition(result == 0, "pipe() failed")
    (reader, writer) = (ends[0], ends[1])
    // Only the reader's end: it must not hang a test that finds nothing to read.
    _ = fcntl(reader, F_SETFL, O_NONBLOCK)
  }

  deinit {
    close(reader)
    close(writer)
  }

  /// Everything written and not read yet, as it is.
  func read() -> [UInt8] {
    var result: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = Glibc.read(reader, &buffer, buffer.count)
      guard count > 0 else { return result }
      result += buffer[..<count]
    }
  }

  /// Everything written and not read yet, line by line, each parsed strictly.
  func lines() throws -> [[String: LogField]] {
    try read().split(separator: UInt8(ascii: "\n")).map(LogField.fields)
  }
}
