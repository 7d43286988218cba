import FoundationEssentials
import HTTPServer

extension Command {
  static let serve = Command(
    words: ["serve"], summary: "serve the API until SIGTERM or SIGINT; SIGHUP reloads the configuration",
    notes: [
      "It runs in the foreground and logs to standard error, one JSON object per line. While the database is "
        + "unavailable, requests are answered with 503. systemd is notified of readiness once the database's schema "
        + "is known to be right.",
      "It exits with status 78 if the configuration or the certificate is invalid, or if the database has another "
        + "schema than the program expects; with 75 if the port is taken.",
    ],
    prepare: Signal.block
  ) { arguments, _ throws(CommandFailure) in
    let configuration = try Configuration.load(arguments)
    let process: ServerProcess
    do {
      process = try ServerProcess(
        configuration: configuration, environment: ProcessInfo.processInfo.environment,
        load: { try Configuration.load(arguments) })
    } catch let failure as ListeningSocket.Failure where failure.isTemporary {
      throw CommandFailure(.temporary, "\(failure)")
    } catch let failure as Server.Failure {
      throw CommandFailure(.failed, "\(failure)")
    } catch {
      throw CommandFailure(.configuration, "\(error)")
    }
    let status = await process.run(signals: Signal.stream())
    guard status == .done else { throw CommandFailure(status, lines: []) }
  }
}

/// As a refused reload is logged.
extension CommandFailure: CustomStringConvertible {
  var description: String { lines.joined(separator: "; ") }
}
