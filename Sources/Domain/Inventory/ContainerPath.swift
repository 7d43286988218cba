/// The path of a folder from the root of its tree: `Asset System\Unix\EMEA`.
public struct ContainerPath: Sendable, Equatable, CustomStringConvertible {
  /// The names of the folders, the root's first; no name is empty.
  public let names: [String]

  /// Longer than any path that people work with. Reading one takes long, on the thread that serves all requests.
  private static let maximumBytes = 4096

  public init(names: [String]) { self.names = names }

  /// Reads a path with `\` or `/` between the names; one at the beginning or the end is ignored.
  ///
  /// Names contain no `/`, so a path with one is split there, and a `\` is then part of a name.
  ///
  /// - Returns: nil for a path without a name, or with an empty one, or of more than ``maximumBytes``.
  public init?(_ text: some StringProtocol) {
    guard text.utf8.count <= Self.maximumBytes else { return nil }
    var rest = Substring(text)
    while let first = rest.first, first.isWhitespace { rest.removeFirst() }
    while let last = rest.last, last.isWhitespace { rest.removeLast() }
    if let first = rest.first, first == "\\" || first == "/" { rest.removeFirst() }
    if let last = rest.last, last == "\\" || last == "/" { rest.removeLast() }
    let separator: Character = rest.contains("/") ? "/" : "\\"
    let names = rest.split(separator: separator, omittingEmptySubsequences: false)
    guard names.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.names = names.map(String.init)
  }

  public var description: String { names.joined(separator: "\\") }
}
