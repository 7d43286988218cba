import FoundationEssentials

@testable import Administration
@testable import ccs_jobstore

/// What a command line asks for, in a form that can be compared.
enum Parsed: Equatable {
  case run(String, Arguments)
  case help([String])
}

func parse(_ line: String...) throws(UsageError) -> Parsed {
  switch try ArgumentParser.parse(line, commands: CommandTable.all) {
  case .run(let command, let arguments): .run(command.name, arguments)
  case .help(let words): .help(words)
  }
}

/// What is wrong with a command line, as its author reads it; nil if nothing is.
func mistake(_ line: String...) -> String? {
  do throws(UsageError) {
    _ = try ArgumentParser.parse(line, commands: CommandTable.all)
    return nil
  } catch {
    return error.description
  }
}

/// What is wrong with a directory file by itself, as its author reads it.
func problems(_ text: String) throws -> [String] {
  try ImportFile(text).problems.map(\.text)
}

extension UUID {
  /// An ID that a test can tell apart from others.
  static func number(_ number: UInt8) -> UUID {
    UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number))
  }
}
