import Testing

@testable import ccs_jobstore

@Suite("The command line")
struct ArgumentParserTests {
  @Test("Words name a command, what follows are its operands")
  func operands() throws {
    let expected = Arguments(operands: ["ROLE": ["Auditors"], "USER": ["DEMO\\alice"]])
    #expect(try parse("roles", "assign", "Auditors", "DEMO\\alice") == .run("roles assign", expected))
  }

  @Test("The last operand may take all that is left")
  func repeatedOperand() throws {
    let expected = Arguments(operands: ["ROLE": ["R"], "TASK": ["a", "b", "c"]])
    #expect(try parse("roles", "grant-task", "R", "a", "b", "c") == .run("roles grant-task", expected))
  }

  @Test(
    "Options stand before, between and behind the operands",
    arguments: [
      ["users", "add", "--no-password", "--role", "R", "N"],
      ["users", "add", "N", "--role=R", "--no-password"],
      ["users", "add", "--role", "R", "N", "--no-password"],
    ])
  func optionPlaces(line: [String]) throws {
    guard case .run(_, let arguments) = try ArgumentParser.parse(line, commands: CommandTable.all) else {
      Issue.record("no command")
      return
    }
    #expect(arguments.operand("NAME") == "N")
    #expect(arguments.values(of: "--role") == ["R"])
    #expect(arguments.has("--no-password"))
  }

  @Test("An option may stand several times where the table says so, and only there")
  func repetition() throws {
    let expected = Arguments(options: ["--role": ["A", "B"]], operands: ["NAME": ["N"]])
    #expect(try parse("users", "add", "N", "--role", "A", "--role", "B") == .run("users add", expected))
    #expect(mistake("users", "list", "--json", "--json") == "--json is given twice")
    #expect(mistake("--config", "a", "users", "list", "--config", "b") == "--config is given twice")
  }

  @Test("The configuration may be named before the command or after it")
  func configuration() throws {
    let expected = Parsed.run("users list", Arguments(options: ["--config": ["x"]]))
    #expect(try parse("--config", "x", "users", "list") == expected)
    #expect(try parse("users", "--config=x", "list") == expected)
    #expect(try parse("users", "list", "--config", "x") == expected)
  }

  @Test("A value may hold an equals sign, be empty, or begin with a hyphen")
  func values() throws {
    #expect(
      try parse("version", "--config=a=b") == .run("version", Arguments(options: ["--config": ["a=b"]])))
    #expect(try parse("version", "--config=") == .run("version", Arguments(options: ["--config": [""]])))
    #expect(try parse("version", "--config", "-") == .run("version", Arguments(options: ["--config": ["-"]])))
  }

  @Test("After two hyphens nothing is an option")
  func endOfOptions() throws {
    let expected = Arguments(operands: ["ROLE": ["--json"]])
    #expect(try parse("roles", "create", "--", "--json") == .run("roles create", expected))
  }

  @Test("A single hyphen is an operand")
  func hyphen() throws {
    let expected = Arguments(operands: ["FILE": ["-"]])
    #expect(try parse("directory", "import", "-") == .run("directory import", expected))
  }

  @Test(
    "Help is given on every level, whatever else is missing",
    arguments: [
      (["--help"], []), (["-h"], []), (["users", "--help"], ["users"]), (["--help", "users"], ["users"]),
      (["users", "add", "-h"], ["users", "add"]), (["--help", "users", "add"], ["users", "add"]),
      (["users", "add", "--role", "R", "--help", "N"], ["users", "add"]),
    ] as [([String], [String])])
  func help(line: [String], words: [String]) throws {
    guard case .help(let topic) = try ArgumentParser.parse(line, commands: CommandTable.all) else {
      Issue.record("no help")
      return
    }
    #expect(topic == words)
  }

  @Test("The version is a command and an option")
  func version() throws {
    #expect(try parse("--version") == .run("version", Arguments()))
    #expect(try parse("version") == .run("version", Arguments()))
  }

  @Test("A mistake is named, with what was probably meant")
  func mistakes() {
    #expect(mistake() == "expected a command")
    #expect(mistake("users") == "expected one of add, list, disable, enable, set-password after 'users'")
    #expect(mistake("uesrs") == "unknown command 'uesrs'; did you mean 'users'?")
    #expect(mistake("users", "lst") == "unknown command 'users lst'; did you mean 'list'?")
    #expect(mistake("users", "list", "--jsno") == "unknown option '--jsno'; did you mean '--json'?")
    #expect(mistake("users", "list", "-j") == "unknown option '-j'; expected one of --json, --config, --help")
    #expect(mistake("users", "list", "--json=1") == "--json takes no value")
    #expect(mistake("version", "--config") == "--config expects a value: --config FILE")
    #expect(mistake("version", "--config", "--help") == "--config expects a value: --config FILE")
    #expect(mistake("roles", "assign", "R") == "USER is missing")
    #expect(mistake("roles", "grant-task", "R") == "TASK is missing")
    #expect(mistake("users", "list", "x") == "unexpected argument 'x'")
  }

  @Test("A password given as an argument is refused like any other excess")
  func passwordArgument() {
    #expect(mistake("users", "set-password", "N", "secret") == "unexpected argument 'secret'")
    #expect(
      mistake("users", "add", "N", "--password", "x")
        == "unknown option '--password'; did you mean '--no-password'?")
  }

  @Test("The help that is offered after a mistake is the nearest there is")
  func helpTopic() {
    #expect(throws: UsageError.missingOperand("NAME", command: ["users", "add"])) {
      try parse("users", "add")
    }
    #expect(UsageError.missingOperand("NAME", command: ["users", "add"]).helpTopic == ["users", "add"])
    #expect(UsageError.unknownCommand("x", group: ["users"], choices: []).helpTopic == ["users"])
    #expect(UsageError.noCommand.helpTopic == [])
  }
}
