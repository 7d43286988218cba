/// All commands, in the order of the help.
enum CommandTable {
  static let all: [Command] =
    [.serve, .checkConfig] + users + roles + [.directoryImport, .audit, .version, .help]

  private static let users: [Command] = [
    .usersAdd, .usersList, .usersDisable, .usersEnable, .usersSetPassword,
  ]

  private static let roles: [Command] = [
    .rolesList, .rolesCreate, .rolesAssign, .rolesUnassign, .rolesGrantTask, .rolesRevokeTask,
    .rolesGrantFolder, .rolesRevokeFolder,
  ]

  /// What the groups are about, by their first word.
  static let groups = [
    "users": "the users and their passwords",
    "roles": "the roles, what they permit and who has them",
    "directory": "the directory as a whole",
  ]
}
