import Glibc
import Observability

/// The program: parses the command line, runs one command, and exits with its status.
@main
struct CCSJobStore {
  /// Not async: the main thread would become libdispatch's, which takes signals that ``Signal`` waits for.
  static func main() {
    let terminal = Terminal()
    do throws(UsageError) {
      let line = Array(CommandLine.arguments.dropFirst())
      switch try ArgumentParser.parse(line, commands: CommandTable.all) {
      case .help(let words):
        run(Command.help, Arguments(operands: ["WORD": words]), terminal)
      case .run(let command, let arguments):
        run(command, arguments, terminal)
      }
    } catch {
      let help = ([HelpText.program] + error.helpTopic + ["--help"]).joined(separator: " ")
      terminal.report("\(HelpText.program): \(error)\nTry '\(help)'.\n")
      exit(ExitStatus.usage.rawValue)
    }
  }

  private static func run(_ command: Command, _ arguments: Arguments, _ terminal: Terminal) -> Never {
    command.prepare()
    Task.detached {
      do throws(CommandFailure) {
        try await command.run(arguments, terminal)
        exit(ExitStatus.done.rawValue)
      } catch {
        report(error, terminal)
        exit(error.status.rawValue)
      }
    }
    while true { pause() }
  }

  /// Prints the messages of a failure, at most 100; as errors, if the journal reads them.
  private static func report(_ failure: CommandFailure, _ terminal: Terminal) {
    terminal.show(progress: "")
    let start = (Journal.reads(STDERR_FILENO) ? LogLevel.error.journalPrefix : "") + HelpText.program
    let shown = failure.lines.prefix(100)
    for line in shown { terminal.report("\(start): \(line)\n") }
    if failure.lines.count > shown.count {
      terminal.report("\(start): \(failure.lines.count - shown.count) more problems\n")
    }
  }
}
