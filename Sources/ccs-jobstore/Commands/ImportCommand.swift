import Administration
import JSON
import Repository

extension Command {
  static let directoryImport = Command(
    words: ["directory", "import"],
    summary: "import folders, assets, standards, roles, users, jobs and runs from a file",
    operands: [
      Operand(name: "FILE", meaning: "the directory file, in JSON5; - is standard input", isOptional: true)
    ],
    options: [
      Option(name: "--format", meaning: "print the documentation of the file's format, and do nothing else"),
      Option(name: "--dry-run", meaning: "do everything, report it, and roll it back"),
      .json("one object with the counts of each kind"),
    ],
    notes: [
      "Missing entries are added, differing ones are changed, and what the file does not name stays. A second "
        + "import changes nothing. The import is one transaction; if anything is wrong, nothing is changed and all "
        + "problems are reported.",
      "The file is as strictly checked as requests of the API: jobs name assets, standards and users that exist, and "
        + "RunNow queues a run. It has no passwords: set them with 'users set-password'.",
    ]
  ) { arguments, terminal throws(CommandFailure) in
    if arguments.has("--format") { return try terminal.write(ImportFormat.text) }
    guard let path = arguments.operandList("FILE").first else {
      throw CommandFailure(.usage, "FILE is missing; --format prints the documentation of its format")
    }
    let file = try DirectoryFile(path: path, limits: try Configuration.load(arguments).requestLimits.job)
    let dryRun = arguments.has("--dry-run")
    do throws(CommandFailure) {
      // Statements for a portion of invented runs take seconds at most.
      try await AdministrationSession.run(arguments, statementTimeout: .seconds(600)) {
        session throws(CommandFailure) in
        let summary = try await file.reporting { () async throws(AdministrationError) in
          try await session.directoryImport.run(file.content, keeps: !dryRun) {
            terminal.show(progress: $0.text)
          }
        }
        terminal.show(progress: "")
        let text = summary.table.text + (dryRun ? "Dry run: nothing was kept.\n" : "")
        try terminal.write(text, arguments) { json in
          json.add("Kept", !dryRun)
          summary.write(to: &json)
        }
      }
    } catch {
      // Without the database, report at least the problems of the file itself.
      guard error.status == .unavailable, !file.content.problems.isEmpty else { throw error }
      throw file.failure(file.content.problems)
    }
  }
}
