import Domain

/// The way from a root to a folder: `/Asset System/Unix/EMEA`.
public struct FolderPath: Sendable, Hashable, CustomStringConvertible {
  /// Why a text is no path.
  public struct Invalid: Error, Equatable {
    public let rule: String
  }

  public let root: FolderRoot
  /// The names below the root, as they were written.
  public let names: [String]

  init(root: FolderRoot, names: [String]) {
    self.root = root
    self.names = names
  }

  /// - Parameter text: A slash in front of each name, the first being a root in any case; a slash at the end
  ///   does not count.
  public init(_ text: String) throws(Invalid) {
    var parts = text.split(separator: "/", omittingEmptySubsequences: false)[...]
    if parts.count > 2, parts.last?.isEmpty == true { parts.removeLast() }
    guard parts.first?.isEmpty == true, parts.count > 1 else {
      throw Invalid(rule: "must be a path that begins with a slash, as /Asset System/Unix")
    }
    let roots = FolderRoot.allCases
    guard let root = roots.first(where: { $0.rawValue.lowercased() == parts[1].lowercased() }) else {
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

  /// What two paths of the same folder have in common.
  var key: String { description.lowercased() }

  /// The folder that this one is in; nil for a root.
  var parent: FolderPath? { names.isEmpty ? nil : FolderPath(root: root, names: names.dropLast()) }

  /// The folder and all that it is in, from the root down.
  var lineage: [FolderPath] { (parent?.lineage ?? []) + [self] }
}
