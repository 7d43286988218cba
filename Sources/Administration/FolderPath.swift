import Domain

/// The path of a folder, from its root: `/Asset System/Unix/EMEA`.
public struct FolderPath: Sendable, Hashable, CustomStringConvertible {
  /// Why a text is not a path.
  public struct Invalid: Error, Equatable {
    public let rule: String
  }

  public let root: FolderRoot
  /// The names below the root, as written.
  public let names: [String]

  init(root: FolderRoot, names: [String]) {
    self.root = root
    self.names = names
  }

  /// - Parameter text: A slash before each name, of which the first is a root, in any case; a slash at the end is
  ///   ignored.
  public init(_ text: String) throws(Invalid) {
    var parts = text.split(separator: "/", omittingEmptySubsequences: false)[...]
    if parts.count > 2, parts.last?.isEmpty == true { parts.removeLast() }
    guard parts.first?.isEmpty == true, parts.count > 1 else {
      throw Invalid(rule: "must be a path that begins with a slash, as /Asset System/Unix")
    }
    let roots = FolderRoot.allCases
    guard
      let root = roots.first(where: { NameRules.key(of: $0.rawValue) == NameRules.key(of: String(parts[1])) })
    else {
      throw Invalid(rule: "must begin with " + roots.map { "/" + $0.rawValue }.joined(separator: " or "))
    }
    for name in parts.dropFirst(2) {
      if let rule = NameRules.rule(brokenBy: String(name)) {
        throw Invalid(rule: "has a name in it (\(String(name).debugDescription)) that \(rule)")
      }
    }
    self.init(root: root, names: parts.dropFirst(2).map(String.init))
  }

  public var description: String { "/" + ([root.rawValue] + names).joined(separator: "/") }

  /// Equal for two paths of the same folder.
  var key: String { NameRules.key(of: description) }

  /// The parent folder; nil for a root.
  var parent: FolderPath? { names.isEmpty ? nil : FolderPath(root: root, names: names.dropLast()) }

  /// The folder and its ancestors, from the root down.
  var lineage: [FolderPath] { (parent?.lineage ?? []) + [self] }
}
