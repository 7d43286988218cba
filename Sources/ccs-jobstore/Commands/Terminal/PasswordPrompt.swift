import Administration
import Glibc

extension Terminal {
  /// A new password: typed twice and unseen, or the first line of standard input if nobody types there.
  ///
  /// - Parameter user: For whom, for the prompt.
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
    guard try typedLine("The same again: ") == first else {
      throw CommandFailure(.failed, "the two are not the same; nothing was changed")
    }
    return first
  }

  /// One line, typed without an echo.
  private func typedLine(_ prompt: String) throws(CommandFailure) -> [UInt8] {
    var former = termios()
    guard tcgetattr(STDIN_FILENO, &former) == 0 else {
      throw CommandFailure(.failed, "the terminal cannot be made not to show the password")
    }
    var unseen = former
    unseen.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
    withUnsafeMutableBytes(of: &unseen.c_cc) {
      $0[Int(VMIN)] = 1
      $0[Int(VTIME)] = 0
    }
    guard tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen) == 0 else {
      throw CommandFailure(.failed, "the terminal cannot be made not to show the password")
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
      case .givenUp: throw CommandFailure(.failed, "given up; nothing was changed")
      }
    }
    throw CommandFailure(.failed, "standard input has ended; nothing was changed")
  }

  /// Up to the end of the first line, which is no part of it; one byte more than a password may have suffices.
  private func firstLine() -> [UInt8] {
    var line: [UInt8] = []
    while line.count <= PasswordRules.maximumBytes + 1, let byte = readByte(), byte != UInt8(ascii: "\n") {
      line.append(byte)
    }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return line
  }
}
