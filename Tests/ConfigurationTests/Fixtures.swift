import FoundationEssentials
import Testing

@testable import ccs_jobstore

/// Runs a test with a configuration file of the given text, in a folder of its own.
func withFile<Result>(_ text: String, _ body: (_ path: String) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "configuration-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let file = folder.appending(path: "service.json5")
  try Data(text.utf8).write(to: file)
  return try body(file.path)
}

/// The configuration that a file's text and some variables give.
func load(_ text: String = "{}", _ environment: [String: String] = [:]) throws -> Configuration {
  try withFile(text) { try Configuration.load(file: $0, environment: environment) }
}

/// The problems of a file's text and some variables, as an operator reads them.
func problems(_ text: String = "{}", _ environment: [String: String] = [:]) throws -> [String] {
  try withFile(text) { path in
    do {
      _ = try Configuration.load(file: path, environment: environment)
      return []
    } catch let error as ConfigurationError {
      return error.problems.map { "\($0)".replacing(path, with: "FILE") }
    }
  }
}

/// Every property of a configuration, by its path, with its value's text.
func properties(of value: Any, under path: String = "") -> [String: String] {
  let mirror = Mirror(reflecting: value)
  guard mirror.displayStyle == .struct, !(value is String), !(value is Int), !(value is Double) else {
    return [path: "\(value)"]
  }
  return mirror.children.reduce(into: [:]) { found, child in
    let name = child.label ?? ""
    let nested = properties(of: child.value, under: path.isEmpty ? name : "\(path).\(name)")
    found.merge(nested) { first, _ in first }
  }
}

extension Setting {
  /// A value that the setting takes and that is not its default.
  var anotherValue: JSONValue? {
    let candidates: [JSONValue] =
      [2, 12, 60, 90, 4000, 6000, 20_000, 2_000_000].map { .number($0) }
      + ["192.0.2.1", "warning", "/somewhere/else", "host=/somewhere"].map { .string($0) }
    return candidates.first { candidate in
      var configuration = Configuration()
      return (try? assign(candidate, &configuration)) != nil && value(configuration) != defaultValue
    }
  }
}

extension Setting: CustomTestStringConvertible {
  public var testDescription: String { key }
}
