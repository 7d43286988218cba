import Administration
import FoundationEssentials

/// The file that is imported, and how it is called to the one who wrote it.
struct DirectoryFile: Sendable {
  let name: String
  let content: ImportFile

  /// - Parameter path: `-` is standard input.
  init(path: String, _ terminal: Terminal) throws(CommandFailure) {
    name = path == "-" ? "standard input" : path
    let data = path == "-" ? terminal.readAll() : try? Array(Data(contentsOf: URL(filePath: path)))
    guard let data else { throw CommandFailure(.failed, "\(name) cannot be read") }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CommandFailure(.failed, "\(name) is not UTF-8")
    }
    do {
      content = try ImportFile(text)
    } catch {
      let place = JSON5Text.lineOfMistake(in: text).map { "at line \($0)" } ?? "at its end: something is open"
      throw CommandFailure(.failed, "\(name) is not valid JSON5 \(place)")
    }
  }

  /// What is said of mistakes in the file.
  func failure(_ problems: [ImportProblem]) -> CommandFailure {
    CommandFailure(.failed, lines: problems.map { "\(name): \($0.text)" })
  }

  /// Runs the import with the program's errors.
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
