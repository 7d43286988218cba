import Administration

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
    let file = try DirectoryFile(path: arguments.operand("FILE"))
    let dryRun = arguments.has("--dry-run")
    do throws(CommandFailure) {
      // A portion of generated runs is a few statements, of seconds at most.
      try await AdministrationSession.run(arguments, statementTimeout: .seconds(600)) {
        session throws(CommandFailure) in
        let summary = try await file.reporting { () async throws(AdministrationError) in
          try await session.directoryImport.run(file.content, keeps: !dryRun) {
            terminal.show(progress: $0.text)
          }
        }
        terminal.show(progress: "")
        try terminal.write(summary.table.text)
        if dryRun { try terminal.write("Nothing of this was kept.\n") }
      }
    } catch {
      // Without the database, say at least what is wrong with the file by itself.
      guard error.status == .unavailable, !file.content.problems.isEmpty else { throw error }
      throw file.failure(file.content.problems)
    }
  }
}
