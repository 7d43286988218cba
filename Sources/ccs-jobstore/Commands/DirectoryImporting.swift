import Administration
import FoundationEssentials

extension Command {
  static let directoryImport = Command(
    words: ["directory", "import"],
    summary: "bring folders, assets, standards, roles, users, jobs and runs to what a file says",
    operands: [Operand(name: "FILE", meaning: "the directory file, in JSON5; - is standard input")],
    options: [Option(name: "--dry-run", meaning: "do everything, say what it did, and take it back")],
    notes: [
      "What is missing is added and what differs is changed; what the file does not name stays. A second time "
        + "nothing changes. It is one transaction: everything, or nothing if anything is wrong, and then all "
        + "that is wrong is said at once.",
      "The file is an object with any of the lists Folders, Assets, Standards, Roles, Users, Jobs, Runs and "
        + "GeneratedRuns. It holds no passwords: set them with 'users set-password'. demo-directory.json5 shows "
        + "every kind of entry.",
    ]
  ) { arguments, terminal throws(CommandFailure) in
    let (path, dryRun) = (arguments.operand("FILE"), arguments.has("--dry-run"))
    let text = try DirectoryFile.text(of: path)
    let file = try DirectoryFile.decode(text, path: path)
    do throws(CommandFailure) {
      // A portion of generated runs is one statement, of seconds at most.
      try await AdministrationSession.run(arguments, statementTimeout: .seconds(600)) {
        session throws(CommandFailure) in
        let summary = try await reporting {
          try await session.directoryImport.run(file, keeps: !dryRun) { terminal.show(progress: $0.text) }
        }
        terminal.show(progress: "")
        try terminal.write(summary.table.text)
        if dryRun { try terminal.write("Nothing of this was kept.\n") }
      }
    } catch {
      // Without the database, say at least what is wrong with the file by itself.
      guard error.status == .unavailable, !file.problems.isEmpty else { throw error }
      throw CommandFailure(.wrongFile(file.problems))
    }
  }
}

/// The file that is imported.
private enum DirectoryFile {
  static func text(of path: String) throws(CommandFailure) -> String {
    let data: Data
    do {
      data = try Data(contentsOf: URL(filePath: path == "-" ? "/dev/stdin" : path))
    } catch {
      throw CommandFailure(.failed, "\(path) cannot be read")
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw CommandFailure(.failed, "\(path) is not UTF-8")
    }
    return text
  }

  static func decode(_ text: String, path: String) throws(CommandFailure) -> ImportFile {
    do {
      return try ImportFile(text)
    } catch {
      let place = JSON5Text.lineOfMistake(in: text).map { "at line \($0)" } ?? "at its end: something is open"
      throw CommandFailure(.failed, "\(path) is not valid JSON5 \(place)")
    }
  }
}
