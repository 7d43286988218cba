import FoundationEssentials
import Repository

// The commands about users.

extension Command {
  private static let name = Operand(name: "NAME", meaning: "the user's name, as DOMAIN\\user, in any case")
  private static let passwordNote =
    "The password, 1 to 1024 bytes, is read twice from the terminal without echo; if standard input is not a "
    + "terminal, from its first line."

  static let usersAdd = Command(
    words: ["users", "add"], summary: "add a user", operands: [name],
    options: [
      Option(name: "--role", value: "ROLE", meaning: "assign this role", repeats: true),
      Option(name: "--no-password", meaning: "add the user without a password; logins fail until one is set"),
    ],
    notes: [passwordNote]
  ) { arguments, terminal throws(CommandFailure) in
    let name = arguments.operand("NAME")
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      try await reporting { try await session.users.requireNew(name) }
      let password = arguments.has("--no-password") ? nil : try terminal.newPassword(for: name)
      try await reporting {
        try await session.users.add(name, password: password, roles: arguments.values(of: "--role"))
      }
      try terminal.write("Added \(name).\n")
    }
  }

  static let usersList = Command(
    words: ["users", "list"], summary: "list the users with their roles",
    options: [Option(name: "--json", meaning: "as JSON, a user a line")]
  ) { arguments, terminal throws(CommandFailure) in
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      let users = try await reporting { try await session.users.list() }
      if arguments.has("--json") {
        try terminal.write(try JSONLines.text(users.map(UserLine.init)))
      } else {
        var table = TextTable(["NAME", "STATE", "PASSWORD", "ROLES"].map { .init(heading: $0) })
        for user in users {
          let state = user.disabled ? "disabled" : "enabled"
          table.add([[user.name], [state], [user.hasPassword ? "set" : "none"], user.roles])
        }
        try terminal.write(table.text)
      }
    }
  }

  static let usersDisable = setDisabled(
    true, "disable", "disable a user and end the user's sessions")
  static let usersEnable = setDisabled(false, "enable", "enable a disabled user")

  private static func setDisabled(_ disabled: Bool, _ word: String, _ summary: String) -> Command {
    Command(
      words: ["users", word], summary: summary, operands: [name]
    ) { arguments, terminal throws(CommandFailure) in
      let name = arguments.operand("NAME")
      try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
        let changed = try await reporting { try await session.users.set(name, disabled: disabled) }
        try terminal.write(changed ? "\(name) is \(word)d.\n" : "\(name) is already \(word)d.\n")
      }
    }
  }

  static let usersSetPassword = Command(
    words: ["users", "set-password"],
    summary: "set a user's password and end the user's sessions", operands: [name],
    notes: [passwordNote, "Earlier failed logins no longer delay the next one."]
  ) { arguments, terminal throws(CommandFailure) in
    let name = arguments.operand("NAME")
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      try await reporting { try await session.users.requireExisting(name) }
      let password = try terminal.newPassword(for: name)
      try await reporting { try await session.users.setPassword(of: name, to: password) }
      try terminal.write("\(name) has a new password.\n")
    }
  }
}

/// A user in the JSON of `users list`.
private struct UserLine: Encodable {
  let user: DirectoryAdministration.User

  enum CodingKeys: String, CodingKey {
    case name = "Name"
    case disabled = "Disabled"
    case hasPassword = "HasPassword"
    case creationTime = "CreationTime"
    case roles = "Roles"
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(user.name, forKey: .name)
    try container.encode(user.disabled, forKey: .disabled)
    try container.encode(user.hasPassword, forKey: .hasPassword)
    try container.encode(user.createdAt, forKey: .creationTime)
    try container.encode(user.roles, forKey: .roles)
  }
}
