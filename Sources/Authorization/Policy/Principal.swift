import Domain
import FoundationEssentials
import Repository

/// A user whom a token has proved, with what they may do at this moment. Only this module can make one.
public struct Principal: Sendable {
  public let userID: UUID
  public let userName: String
  let tasks: Set<Permission>
  /// The folders that are granted by themselves.
  let folders: Set<UUID>
  /// The roots of the trees in which a folder is granted.
  let trees: Set<UUID>

  init(_ record: Sessions.PrincipalRecord) {
    userID = record.userID
    userName = record.userName
    tasks = Set(record.tasks.compactMap(Permission.init))
    folders = Set(record.folders)
    trees = Set(record.trees)
  }

  init(userID: UUID, userName: String, tasks: Set<Permission>, folders: Set<UUID>, trees: Set<UUID>? = nil) {
    self.userID = userID
    self.userName = userName
    self.tasks = tasks
    self.folders = folders
    self.trees = trees ?? folders
  }
}
