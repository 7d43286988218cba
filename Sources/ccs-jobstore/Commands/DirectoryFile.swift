import Administration
import Domain
import Glibc
import JSON

/// The file to import, and its name in messages.
struct DirectoryFile: Sendable {
  let name: String
  let content: ImportFile

  /// - Parameters:
  ///   - path: `-` is standard input.
  ///   - limits: Of the jobs' definitions.
  init(path: String, limits: JobDetails.Limits) throws(CommandFailure) {
    name = path == "-" ? "standard input" : path
    let bytes = try Self.bytes(path, name: name)
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandFailure(.failed, "\(name) is not UTF-8")
    }
    do {
      content = try ImportFile(text, limits: limits)
    } catch {
      throw CommandFailure(.failed, "\(name) is not valid JSON5\(Self.placeOfMistake(text))")
    }
  }

  private static func bytes(_ path: String, name: String) throws(CommandFailure) -> [UInt8] {
    // Not /dev/stdin: it cannot be opened if the pipe belongs to another user, as under sudo.
    let isInput = path == "-"
    let file = isInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    defer { if file >= 0, !isInput { close(file) } }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while file >= 0 {
      let count = read(file, &buffer, buffer.count)
      if count == 0 { return bytes }
      if count > 0 { bytes += buffer[..<count] } else if errno != EINTR { break }
    }
    throw CommandFailure(.failed, "\(name) cannot be read (\(String(cString: strerror(errno))))")
  }

  /// The line of a syntax error; empty for a text so long that finding it would take minutes.
  private static func placeOfMistake(_ text: String) -> String {
    let lines = text.utf8.count { $0 == UInt8(ascii: "\n") }
    guard lines * text.utf8.count < 200_000_000 else { return "" }
    return JSON5Text.lineOfMistake(in: text).map { " at line \($0)" } ?? " at its end: something is unclosed"
  }

  /// The failure for problems in the file.
  func failure(_ problems: [JSONProblem]) -> CommandFailure {
    CommandFailure(.failed, lines: problems.map { "\(name): \($0.text)" })
  }

  /// Converts the errors of the import.
  func reporting<Result>(
    _ body: () async throws(AdministrationError) -> Result
  ) async throws(CommandFailure) -> Result {
    do throws(AdministrationError) {
      return try await body()
    } catch {
      if case .wrongFile(let problems) = error { throw failure(problems) }
      throw CommandFailure(error)
    }
  }
}
