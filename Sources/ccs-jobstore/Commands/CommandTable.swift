/// All commands, in the order of the help.
enum CommandTable {
  static let all: [Command] =
    [.serve, .checkConfig, .status] + users + roles + [.directoryImport, .audit, .version, .help]

  private static let users: [Command] = [
    .usersAdd, .usersList, .usersDisable, .usersEnable, .usersSetPassword,
  ]

  private static let roles: [Command] = [
    .rolesList, .rolesCreate, .rolesAssign, .rolesUnassign, .rolesGrantTask, .rolesRevokeTask,
    .rolesGrantFolder, .rolesRevokeFolder,
  ]

  /// The subjects of the groups, by first word.
  static let groups = [
    "users": "the users and their passwords",
    "roles": "the roles, their grants and their users",
    "directory": "the directory as a whole",
  ]
}
