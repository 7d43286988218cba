import Domain
import JSON

/// Folders, assets and standards of a directory file.
extension ImportFile {
  static func folder(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> FolderPath? {
    guard case .text(let text) = node else {
      problems.note(pointer, rule: "must be a text")
      return nil
    }
    do throws(FolderPath.Invalid) {
      return try FolderPath(text)
    } catch {
      problems.note(pointer, rule: error.rule)
      return nil
    }
  }

  static func asset(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> Asset? {
    ObjectReader.read(node, at: pointer, problems) { asset in
      let id = asset.guid("ID", required: true)
      let name = asset.text("Name", required: true, nameRule)
      let type = asset.text("Type", required: true, nameRule)
      let folder = folder(asset, "Folder", in: .assetSystem)
      guard let id, let name, let type, let folder else { return nil }
      return Asset(pointer: pointer, id: id, name: name, type: type, folder: folder)
    }
  }

  static func standard(_ node: JSONNode, _ pointer: JSONPointer, _ problems: JSONProblems) -> Standard? {
    ObjectReader.read(node, at: pointer, problems) { standard in
      let id = standard.guid("ID", required: true)
      let name = standard.text("Name", required: true, nameRule)
      let version = standard.text("Version", nameRule)
      let folder = folder(standard, "Folder", in: .standards)
      guard let id, let name, let folder else { return nil }
      return Standard(pointer: pointer, id: id, name: name, version: version, folder: folder)
    }
  }

  /// The folder of an asset or a standard.
  private static func folder(_ object: ObjectReader, _ key: String, in root: FolderRoot) -> FolderPath? {
    guard let node = object.node(key, required: true),
      let folder = folder(node, object.pointer / key, object.problems)
    else { return nil }
    guard folder.root == root else {
      object.problems.note(object.pointer / key, rule: "must begin with /\(root.rawValue)")
      return nil
    }
    return folder
  }
}
