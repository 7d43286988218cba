import Testing

@testable import ccs_jobstore

@Suite("The table of commands")
struct CommandTableTests {
  @Test("No two commands have the same words, and none hides another")
  func distinctWords() {
    for (index, command) in CommandTable.all.enumerated() {
      for other in CommandTable.all[(index + 1)...] {
        #expect(!other.words.starts(with: command.words), "\(command.name), \(other.name)")
        #expect(!command.words.starts(with: other.words), "\(command.name), \(other.name)")
      }
    }
  }

  @Test("Only the last operand repeats or may be left out", arguments: CommandTable.all)
  func lastOperand(command: Command) {
    #expect(command.operands.dropLast().allSatisfy { !$0.repeats && !$0.isOptional })
  }

  @Test("Every group says what it is about")
  func groups() {
    let groups = Set(CommandTable.all.filter { $0.words.count > 1 }.map { $0.words[0] })
    #expect(groups == Set(CommandTable.groups.keys))
  }

  @Test("The help of a command names all that it takes, within 100 columns", arguments: CommandTable.all)
  func commandHelp(command: Command) throws {
    let help = try #require(HelpText.about(command.words, commands: CommandTable.all))
    for option in command.allOptions { #expect(help.contains("  \(option.name)")) }
    for operand in command.operands { #expect(help.contains("  \(operand.name)")) }
    #expect(help.hasPrefix("Usage: ccs-jobstore \(command.name) [OPTION...]"))
    #expect(help.split(separator: "\n").allSatisfy { $0.count <= 100 })
  }

  @Test("The help of the program and of a group lists the commands and the exit statuses")
  func overview() throws {
    let program = try #require(HelpText.about([], commands: CommandTable.all))
    for command in CommandTable.all { #expect(program.contains("\n  \(command.name)")) }
    for status in ["0", "1", "2", "69", "75", "78"] { #expect(program.contains("\n  \(status) ")) }
    let roles = try #require(HelpText.about(["roles"], commands: CommandTable.all))
    #expect(roles.contains("  roles grant-task"))
    #expect(!roles.contains("  users add"))
  }

  @Test("There is no help about what does not exist")
  func noHelp() {
    #expect(HelpText.about(["nonsense"], commands: CommandTable.all) == nil)
    #expect(HelpText.about(["users", "add", "x"], commands: CommandTable.all) == nil)
  }
}

extension Command: CustomTestStringConvertible {
  public var testDescription: String { name }
}
