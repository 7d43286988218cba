import Administration
import Glibc

extension Terminal {
  /// Reads a new password: twice from a terminal, without echo, or else the first line of standard input.
  ///
  /// - Parameter user: Named in the prompt.
  func newPassword(for user: String) throws(CommandFailure) -> [UInt8] {
    let password = isTypedAt ? try typedPassword(for: user) : firstLine()
    if let rule = PasswordRules.rule(brokenBy: password) {
      throw CommandFailure(.failed, "the password \(rule)")
    }
    return password
  }

  private func typedPassword(for user: String) throws(CommandFailure) -> [UInt8] {
    let first = try typedLine("New password of \(user): ")
    if let rule = PasswordRules.rule(brokenBy: first) {
      throw CommandFailure(.failed, "the password \(rule)")
    }
    guard try typedLine("Repeat it: ") == first else {
      throw CommandFailure(.failed, "the two entries differ; nothing was changed")
    }
    return first
  }

  /// Reads one line without echo.
  private func typedLine(_ prompt: String) throws(CommandFailure) -> [UInt8] {
    var former = termios()
    guard tcgetattr(STDIN_FILENO, &former) == 0 else {
      throw CommandFailure(.failed, "the terminal's echo cannot be turned off")
    }
    var unseen = former
    unseen.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    withUnsafeMutableBytes(of: &unseen.c_cc) {
      $0[Int(VMIN)] = 1
      $0[Int(VTIME)] = 0
    }
    guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) == 0 else {
      throw CommandFailure(.failed, "the terminal's echo cannot be turned off")
    }
    defer {
      tcsetattr(STDIN_FILENO, TCSADRAIN, &former)
      report("\n")
    }
    report(prompt)
    var line = PasswordLine()
    while let byte = readByte() {
      switch line.take(byte) {
      case .more: continue
      case .done: return line.bytes
      case .cancelled: throw CommandFailure(.failed, "cancelled; nothing was changed")
      }
    }
    throw CommandFailure(.failed, "unexpected end of input; nothing was changed")
  }

  /// The first line without its end, read up to one byte more than the longest password.
  private func firstLine() -> [UInt8] {
    var line: [UInt8] = []
    while line.count <= PasswordRules.maximumBytes + 1, let byte = readByte(), byte != UInt8(ascii: "\n") {
      line.append(byte)
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return line
  }
}
