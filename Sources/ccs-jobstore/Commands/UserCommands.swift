import Administration
import Domain
import JSON
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
      .json(),
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
      try terminal.write("Added \(name).\n", arguments) { json in
        json.add("User", name)
        json.add("Changed", true)
      }
    }
  }

  static let usersList = Command(
    words: ["users", "list"], summary: "list the users with their roles",
    options: [.json("one object per user")]
  ) { arguments, terminal throws(CommandFailure) in
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      let users = try await reporting { try await session.users.list() }
      if arguments.has(Option.jsonName) {
        try terminal.write(JSONLines.text(users) { user, json in user.write(to: &json) })
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
    true, "disable", "disable a user, end the user's sessions, and pause the schedules of the user's jobs")
  static let usersEnable = setDisabled(
    false, "enable", "enable a disabled user, and resume the schedules of the user's jobs")

  private static func setDisabled(_ disabled: Bool, _ word: String, _ summary: String) -> Command {
    Command(
      words: ["users", word], summary: summary, operands: [name], options: [.json()],
      notes: ["A run that was due while its job's creator was disabled starts when the creator is enabled."]
    ) { arguments, terminal throws(CommandFailure) in
      let name = arguments.operand("NAME")
      try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
        let (changed, jobs) = try await reporting { try await session.users.set(name, disabled: disabled) }
        var text = changed ? "\(name) is \(word)d.\n" : "\(name) is already \(word)d.\n"
        if jobs > 0 {
          text += "Jobs with a \(disabled ? "paused" : "resumed") schedule: \(jobs).\n"
        }
        try terminal.write(text, arguments) { json in
          json.add("User", name)
          json.add("Changed", changed)
          json.add(disabled ? "PausedJobs" : "ResumedJobs", jobs)
        }
      }
    }
  }

  static let usersSetPassword = Command(
    words: ["users", "set-password"],
    summary: "set a user's password and end the user's sessions", operands: [name], options: [.json()],
    notes: [passwordNote, "Earlier failed logins no longer delay the next one."]
  ) { arguments, terminal throws(CommandFailure) in
    let name = arguments.operand("NAME")
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      try await reporting { try await session.users.requireExisting(name) }
      let password = try terminal.newPassword(for: name)
      try await reporting { try await session.users.setPassword(of: name, to: password) }
      try terminal.write("\(name) has a new password.\n", arguments) { json in
        json.add("User", name)
        json.add("Changed", true)
      }
    }
  }
}

extension DirectoryAdministration.User {
  fileprivate func write(to json: inout JSONWriter) {
    json.add("Name", name)
    json.add("Disabled", disabled)
    json.add("HasPassword", hasPassword)
    json.add("CreationTime", createdAt)
    json.add("Roles", roles)
  }
}
