import FoundationEssentials
import Glibc

/// PostgreSQL's peer authentication admits a database role to the system user of that name only.
enum WrongUser {
  /// The command line that the right user would give.
  ///
  /// - Parameter reason: Why there is no connection, in libpq's words.
  /// - Returns: nil if that is not the reason.
  static func advice(_ reason: String) -> String? {
    let user = getpwuid(geteuid()).map { String(cString: $0.pointee.pw_name) } ?? "uid \(geteuid())"
    // Root needs no sudo, which Debian does not install by itself.
    let usesSudo = geteuid() != 0 || access("/usr/bin/sudo", X_OK) == 0
    return advice(reason, user: user, usesSudo: usesSudo, line: Array(CommandLine.arguments.dropFirst()))
  }

  static func advice(_ reason: String, user: String, usesSudo: Bool, line: [String]) -> String? {
    guard let match = reason.firstMatch(of: /Peer authentication failed for user "([^"]+)"/) else {
      return nil
    }
    let role = String(match.1)
    let command = ([HelpText.program] + line.map(quoted)).joined(separator: " ")
    return "the database admits \(role) to the system user of that name only, and you are \(user); run: "
      + (usesSudo ? "sudo -u \(role) " : "runuser -u \(role) -- ") + command
  }

  /// A word for a shell.
  private static func quoted(_ word: String) -> String {
    let isPlain = word.utf8.allSatisfy {
      UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 || UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0
        || UInt8(ascii: "a")...UInt8(ascii: "z") ~= $0 || "-_./=:@,+%".utf8.contains($0)
    }
    return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: #"'\''"#) + "'"
  }
}
