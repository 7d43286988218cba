import Domain
import JSON

/// Roles and users of a directory file.
extension ImportFile {
  static func role(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> Role? {
    ObjectReader.read(node, at: pointer, problems) { role in
      let name = role.text("Name", required: true, nameRule)
      let description = role.text("Description")
      let tasks = role.list("Tasks") { node, pointer in task(node, pointer, problems) }
      let folders = role.list("Folders") { node, pointer in
        folder(node, pointer, problems).map { Reference(pointer: pointer, name: $0) }
      }
      guard let name else { return nil }
      return Role(pointer: pointer, name: name, description: description, tasks: tasks, folders: folders)
    }
  }

  private static func task(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> Permission?
  {
    guard case .text(let text) = node else {
      problems.note(pointer, rule: "must be a text")
      return nil
    }
    if let permission = Permission(task: text) { return permission }
    problems.note(
      pointer,
      .unknownName(kind: DirectoryKind.task.rawValue, name: text, known: Permission.allCases.map(\.rawValue)))
    return nil
  }

  static func user(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> User? {
    ObjectReader.read(node, at: pointer, problems) { user in
      let name = user.text("Name", required: true, userRule)
      let disabled = user.boolean("Disabled")
      let roles = user.list("Roles") { node, pointer in
        user.text(node, at: pointer, nameRule).map { Reference(pointer: pointer, name: $0) }
      }
      guard let name else { return nil }
      return User(pointer: pointer, name: name, disabled: disabled, roles: roles)
    }
  }
}
