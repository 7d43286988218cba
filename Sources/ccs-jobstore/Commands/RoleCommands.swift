import Administration
import Domain
import JSON
import Repository

// The commands about roles.

extension Command {
  private static let role = Operand(name: "ROLE", meaning: "the role's name, in any case")
  private static let user = Operand(name: "USER", meaning: "the user's name, as DOMAIN\\user, in any case")
  private static let tasks = Operand(name: "TASK", meaning: "a task's name, in any case", repeats: true)
  private static let folders = Operand(
    name: "FOLDER", meaning: "a folder's path, in any case: '/Asset System/Unix'", repeats: true)
  private static let taskNote =
    "The tasks: " + Permission.allCases.map(\.rawValue).joined(separator: ", ") + "."
  private static let folderNote =
    "A grant covers the folder and everything below it. The roots: "
    + FolderRoot.allCases.map { "/\($0.rawValue)" }.joined(separator: ", ") + "."

  static let rolesList = Command(
    words: ["roles", "list"], summary: "list the roles with their tasks, folders and users",
    options: [.json("one object per role")]
  ) { arguments, terminal throws(CommandFailure) in
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      let roles = try await reporting { try await session.roles.list() }
      if arguments.has(Option.jsonName) {
        try terminal.write(JSONLines.text(roles) { role, json in role.write(to: &json) })
      } else {
        var table = TextTable(["NAME", "TASKS", "FOLDERS", "USERS"].map { .init(heading: $0) })
        for role in roles { table.add([[role.name], role.tasks, role.folders, role.users]) }
        try terminal.write(table.text)
      }
    }
  }

  static let rolesCreate = Command(
    words: ["roles", "create"], summary: "create a role without grants", operands: [role],
    options: [Option(name: "--description", value: "TEXT", meaning: "what the role is for"), .json()]
  ) { arguments, terminal throws(CommandFailure) in
    let role = arguments.operand("ROLE")
    try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
      try await reporting {
        try await session.roles.create(role, description: arguments.value(of: "--description") ?? "")
      }
      try terminal.write("Created the role '\(role)'.\n", arguments) { json in
        json.add("Role", role)
        json.add("Changed", true)
      }
    }
  }

  static let rolesAssign = setAssigned(true, "assign", "assign a role to a user")
  static let rolesUnassign = setAssigned(false, "unassign", "take a role from a user")

  private static func setAssigned(_ assigned: Bool, _ word: String, _ summary: String) -> Command {
    Command(
      words: ["roles", word], summary: summary, operands: [role, user], options: [.json()]
    ) { arguments, terminal throws(CommandFailure) in
      let (role, user) = (arguments.operand("ROLE"), arguments.operand("USER"))
      try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
        let changed = try await reporting { try await session.roles.set(role, of: user, assigned: assigned) }
        let outcome =
          switch (assigned, changed) {
          case (true, true): "now has"
          case (true, false): "already has"
          case (false, true): "no longer has"
          case (false, false): "does not have"
          }
        try terminal.write("\(user) \(outcome) the role '\(role)'.\n", arguments) { json in
          json.add("Role", role)
          json.add("User", user)
          json.add("Changed", changed)
        }
      }
    }
  }

  static let rolesGrantTask = setTasks(true, "grant-task", "grant tasks to a role")
  static let rolesRevokeTask = setTasks(false, "revoke-task", "revoke tasks from a role")

  private static func setTasks(_ granted: Bool, _ word: String, _ summary: String) -> Command {
    Command(
      words: ["roles", word], summary: summary, operands: [role, tasks], options: [.json()],
      notes: [taskNote]
    ) { arguments, terminal throws(CommandFailure) in
      let (role, tasks) = (arguments.operand("ROLE"), arguments.operandList("TASK"))
      try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
        let changed = try await reporting {
          try await session.roles.set(tasks: tasks, of: role, granted: granted)
        }
        try terminal.write(outcome(changed, granted, role), arguments) { json in
          json.add("Role", role)
          json.add("Tasks", tasks)
          json.add("Changed", changed)
        }
      }
    }
  }

  static let rolesGrantFolder = setFolders(true, "grant-folder", "grant folders to a role")
  static let rolesRevokeFolder = setFolders(false, "revoke-folder", "revoke folders from a role")

  private static func setFolders(_ granted: Bool, _ word: String, _ summary: String) -> Command {
    Command(
      words: ["roles", word], summary: summary, operands: [role, folders], options: [.json()],
      notes: [folderNote]
    ) { arguments, terminal throws(CommandFailure) in
      let (role, folders) = (arguments.operand("ROLE"), arguments.operandList("FOLDER"))
      try await AdministrationSession.run(arguments) { session throws(CommandFailure) in
        let changed = try await reporting {
          try await session.roles.set(folders: folders, of: role, granted: granted)
        }
        try terminal.write(outcome(changed, granted, role), arguments) { json in
          json.add("Role", role)
          json.add("Folders", folders)
          json.add("Changed", changed)
        }
      }
    }
  }

  private static func outcome(_ changed: Bool, _ granted: Bool, _ role: String) -> String {
    if !changed { return "Nothing to change for the role '\(role)'.\n" }
    return granted ? "Granted to the role '\(role)'.\n" : "Revoked from the role '\(role)'.\n"
  }
}

extension DirectoryAdministration.Role {
  fileprivate func write(to json: inout JSONWriter) {
    json.add("Name", name)
    json.add("Description", description)
    json.add("Tasks", tasks)
    json.add("Folders", folders)
    json.add("Users", users)
  }
}
