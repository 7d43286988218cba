import FoundationEssentials

extension Command {
  static let serve = Command(
    words: ["serve"], summary: "serve the API until SIGTERM or SIGINT; SIGHUP reloads the configuration",
    notes: [
      "It stays in the foreground and logs to standard error, a JSON object a line. A database that is away is "
        + "waited for, and requests are answered with 503 meanwhile.",
      "It ends with status 78 if the configuration or the certificate is wrong, or if the database's schema is "
        + "not the one that it was built for.",
    ],
    prepare: Signal.block
  ) { arguments, _ throws(CommandFailure) in
    let configuration = try Configuration.load(arguments)
    let process: ServerProcess
    do {
      process = try ServerProcess(
        configuration: configuration, environment: ProcessInfo.processInfo.environment,
        load: { try Configuration.load(arguments) })
    } catch {
      throw CommandFailure(.configuration, "\(error)")
    }
    let status = await process.run(signals: Signal.stream())
    guard status == .done else { throw CommandFailure(status, lines: []) }
  }
}
